"""The atomic operations as Lua, run by Redis in one go. Mirrors :mod:`.embedded` step by step.

A family is a hash: ``refresh`` names the current refresh token, ``jti:<id>``
each live access token with its expiry, ``dead`` marks it as revoked. The
scripts build further keys from what they read, so they want a single Redis
(or a primary with replicas), not a cluster.
"""

from __future__ import annotations

_FAMILY_END = """
local function end_family(family, remember)
  local key = 'oauth:family:' .. family
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    if string.sub(fields[i], 1, 4) == 'jti:' then
      redis.call('DEL', 'oauth:token:' .. string.sub(fields[i], 5))
    elseif fields[i] == 'refresh' then
      redis.call('DEL', 'oauth:refresh:' .. fields[i + 1])
    end
  end
  redis.call('DEL', key)
  redis.call('HSET', key, 'dead', '1')
  redis.call('EXPIRE', key, remember)
end
"""

REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
"""

HIT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""

REDEEM_CODE = """
local record = redis.call('GETDEL', 'oauth:code:' .. ARGV[1])
if record then
  redis.call('SET', 'oauth:code_used:' .. ARGV[1], cjson.decode(record)['family'], 'EX', ARGV[2])
  return {record, false}
end
return {false, redis.call('GET', 'oauth:code_used:' .. ARGV[1])}
"""

ROTATE = """
local key = 'oauth:refresh:' .. ARGV[1]
local ttl = redis.call('TTL', key)
local record = redis.call('GETDEL', key)
if record then
  redis.call('SET', 'oauth:refresh_used:' .. ARGV[1], cjson.decode(record)['family'], 'EX', math.max(ttl, 1))
  return {record, false}
end
return {false, redis.call('GET', 'oauth:refresh_used:' .. ARGV[1])}
"""

ISSUE = """
local family = 'oauth:family:' .. ARGV[1]
if redis.call('HEXISTS', family, 'dead') == 1 then return 0 end
local now = tonumber(redis.call('TIME')[1])
for _, field in ipairs(redis.call('HKEYS', family)) do
  if string.sub(field, 1, 4) == 'jti:' and tonumber(redis.call('HGET', family, field)) <= now then
    redis.call('HDEL', family, field)
  end
end
redis.call('SET', 'oauth:token:' .. ARGV[4], ARGV[5], 'EX', ARGV[6])
redis.call('HSET', family, 'jti:' .. ARGV[4], ARGV[7])
if ARGV[8] ~= '' then
  redis.call('SET', 'oauth:refresh:' .. ARGV[8], ARGV[9], 'EX', ARGV[10])
  redis.call('HSET', family, 'refresh', ARGV[8])
end
local life = math.max(tonumber(ARGV[11]), redis.call('TTL', family))
redis.call('EXPIRE', family, life)
local clients = 'oauth:client_tokens:' .. ARGV[2]
redis.call('ZREMRANGEBYSCORE', clients, '-inf', now)
redis.call('ZADD', clients, now + life, ARGV[1])
redis.call('EXPIRE', clients, math.max(life, redis.call('TTL', clients)))
local users = 'oauth:user_tokens:' .. ARGV[3]
redis.call('ZREMRANGEBYSCORE', users, '-inf', now)
redis.call('ZADD', users, ARGV[7], ARGV[4])
redis.call('EXPIRE', users, math.max(tonumber(ARGV[6]), redis.call('TTL', users)))
return 1
"""

REVOKE_FAMILY = f"{_FAMILY_END}\nend_family(ARGV[1], ARGV[2])\nreturn 1\n"

END_ACCESS = """
local record = redis.call('GETDEL', 'oauth:token:' .. ARGV[1])
if not record then return 0 end
local token = cjson.decode(record)
redis.call('HDEL', 'oauth:family:' .. token['family'], 'jti:' .. ARGV[1])
redis.call('ZREM', 'oauth:user_tokens:' .. token['sub'], ARGV[1])
return 1
"""

REVOKE_CLIENT = f"""{_FAMILY_END}
redis.call('DEL', 'oauth:client:' .. ARGV[1])
local index = 'oauth:client_tokens:' .. ARGV[1]
for _, family in ipairs(redis.call('ZRANGE', index, 0, -1)) do end_family(family, ARGV[2]) end
redis.call('DEL', index)
return 1
"""

DROP_GONE_TOKENS = """
local dropped = 0
for _, jti in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if redis.call('EXISTS', 'oauth:token:' .. jti) == 0 then
    dropped = dropped + redis.call('ZREM', KEYS[1], jti)
  end
end
return dropped
"""

DROP_GONE_FAMILIES = """
local dropped = 0
for _, family in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local key = 'oauth:family:' .. family
  if redis.call('EXISTS', key) == 0 or redis.call('HEXISTS', key, 'dead') == 1 then
    dropped = dropped + redis.call('ZREM', KEYS[1], family)
  end
end
return dropped
"""
