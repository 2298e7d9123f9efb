"""How two peers find a path: local addresses, STUN, TURN, checks, consent. Over aioice."""
