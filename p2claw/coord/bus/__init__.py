"""What the nodes of one coordinator share: who is where, and messages between them.

`leases` and `locating` are the core, `messages` the words, `redis_bus` and the rest the IO.
"""
