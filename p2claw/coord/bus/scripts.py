"""What Redis does in one step: small scripts, each with all its keys in one slot of a cluster.

Times are those of Redis, so that the clocks of nodes need not agree.
"""

from __future__ import annotations

PREFIX = "p2claw:"
NODES = PREFIX + "nodes"


def box_key(key_alias: str) -> str:
    return f"{PREFIX}box:{key_alias}"


def alias_key(alias: str) -> str:
    return f"{PREFIX}alias:{alias}"


def stream_key(node: str) -> str:
    return f"{PREFIX}node:{node}"


def announced_key(node: str) -> str:
    return f"{PREFIX}announced:{node}"


def rate_key(kind: str, key: str) -> str:
    return f"{PREFIX}rate:{kind}:{key}"


_NOW_MS = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
"""

LEFT = "/left"
"""After the name of a node that has given its lease back, having no agent any more."""

# KEYS: nodes. ARGV: node, lease in ms, for how long the end of a lease is remembered, in ms.
# Returns each node with how many ms ago its lease ended, below 0 while it has it.
RENEW = f"""{_NOW_MS}
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
local found = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')
for i = 2, #found, 2 do found[i] = string.format('%.0f', now - found[i]) end
return found
"""

# KEYS: nodes. ARGV: node. As one pair of RENEW, or nothing.
LOOK = f"""{_NOW_MS}
for _, name in ipairs({{ARGV[1], ARGV[1] .. '{LEFT}'}}) do
    local ends = redis.call('ZSCORE', KEYS[1], name)
    if ends then return {{name, string.format('%.0f', now - ends)}} end
end
return {{}}
"""

# KEYS: nodes. ARGV: node. Its lease ends now.
LEAVE = f"""{_NOW_MS}
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('ZADD', KEYS[1], now, ARGV[1] .. '{LEFT}')
"""

# KEYS: box. ARGV: node, facts, for how long the entry stays in ms. Tokens are microseconds, and
# always above the one before: also if Redis has forgotten everything, or its clock went back.
ACQUIRE = """
local t = redis.call('TIME')
local token = t[1] * 1000000 + t[2]
local old = redis.call('HMGET', KEYS[1], 'n', 't')
if old[2] and tonumber(old[2]) >= token then token = tonumber(old[2]) + 1 end
token = string.format('%.0f', token)
redis.call('HSET', KEYS[1], 'n', ARGV[1], 't', token, 'f', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {token, old[1] or ''}
"""

# KEYS: box. ARGV: node, facts, ms as above, token.
PUT = """
local old = redis.call('HGET', KEYS[1], 't')
if old and tonumber(old) > tonumber(ARGV[4]) then return old end
redis.call('HSET', KEYS[1], 'n', ARGV[1], 't', ARGV[4], 'f', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return '0'
"""

# KEYS: box. ARGV: token.
RELEASE = """
if redis.call('HGET', KEYS[1], 't') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
"""

# KEYS: rate. ARGV: burst, microseconds per token, count. A bucket as a moment: when it will be full
# again ("virtual scheduling" of ITU-T I.371). Returns the wait in microseconds.
SPEND = """
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local each = tonumber(ARGV[2])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or now))
local ready = full + math.max(1, tonumber(ARGV[3])) * each - ARGV[1] * each
if ready > now then return string.format('%.0f', ready - now) end
if tonumber(ARGV[3]) > 0 then
    full = full + ARGV[3] * each
    local ms = math.ceil((full - now) / 1000) + 1
    redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', ms)
end
return '0'
"""
