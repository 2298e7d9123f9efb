"""The local API: how the commands on a box talk to its agent."""
