import { versionLength } from "../version.ts";

/**
 * The Lua that makes each write "store if newer" in one step. A stored text begins with its version, which
 * sorts as text; no sequence ever becomes a Lua number. Scripts touch keys of several cluster slots:
 * one Redis, not a Redis Cluster, is what they are for.
 */

/** Refuses a write whose partition is not where the writer found it. */
export const fencedReply = "FENCED";
const fence = `
    local position = redis.call('GET', KEYS[1]) or ''
    if string.match(position, '^%S*') ~= ARGV[1] then
      return redis.error_reply('${fencedReply} the position of the partition has moved')
    end`;

export const scripts = {
  /**
   * KEYS: positions of partitions, then registers. ARGV: seconds to live, how many positions, each one as it is
   * expected, then a text for each register.
   */
  storeIfNewer: `
    local fences = tonumber(ARGV[2])
    for at = 1, fences do
      local position = redis.call('GET', KEYS[at]) or ''
      if string.match(position, '^%S*') ~= ARGV[at + 2] then
        return redis.error_reply('${fencedReply} the position of the partition has moved')
      end
    end
    local lastAbsent = false
    for at = fences + 1, #KEYS do
      local key, text = KEYS[at], ARGV[at + 2]
      -- What the last key was, this one probably is: a replay finds none, the daily traffic finds all.
      if not (lastAbsent and redis.call('SET', key, text, 'NX', 'EX', ARGV[1])) then
        local standing = redis.call('GETRANGE', key, 0, ${versionLength - 1})
        lastAbsent = standing == ''
        if lastAbsent then
          redis.call('SET', key, text, 'EX', ARGV[1])
        elseif standing < string.sub(text, 1, ${versionLength}) then
          redis.call('SET', key, text, 'KEEPTTL')
        end
      end
    end
    return 0`,

  /**
   * KEYS: a partition's position, then registers. ARGV: the position expected, seconds to live, then a text for
   * each register. Makes those that are absent, unless the position has moved.
   */
  refill: `
    local position = redis.call('GET', KEYS[1]) or ''
    if string.match(position, '^%S*') ~= ARGV[1] then return 0 end
    for at = 2, #KEYS do redis.call('SET', KEYS[at], ARGV[at + 1], 'NX', 'EX', ARGV[2]) end
    return 0`,

  /** KEYS: position, then one hash. ARGV: the position expected, then pairs of field and text. */
  storeFieldsIfNewer: `${fence}
    for at = 2, #ARGV, 2 do
      local standing = redis.call('HGET', KEYS[2], ARGV[at])
      if not standing or string.sub(standing, 1, ${versionLength}) < string.sub(ARGV[at + 1], 1, ${versionLength}) then
        redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
      end
    end
    return 0`,

  /** KEYS: position, then one key. ARGV: the position expected, seconds to live, the text. */
  storeFencedIfNewer: `${fence}
    local standing = redis.call('GETRANGE', KEYS[2], 0, ${versionLength - 1})
    if standing < string.sub(ARGV[3], 1, ${versionLength}) then redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[2]) end
    return 0`,

  /**
   * KEYS: a partition's position. ARGV: the version expected ('' for none), the new text.
   * Returns nothing if it moved, else what stands there ('' for none).
   */
  advance: `
    local standing = redis.call('GET', KEYS[1]) or ''
    if string.match(standing, '^%S*') ~= ARGV[1] then return standing end
    redis.call('SET', KEYS[1], ARGV[2])
    return false`,

  /**
   * KEYS: a partition's position, listing and boundaries. ARGV: the position expected, the partition, then
   * nine texts for each row:
   * id, membership version, created, group, direct, shown, pricing version, amount, next boundary.
   * A part without a version is left as it stands. The sorted sets follow the row, which alone decides.
   */
  storeRows: `${fence}
    local newest, price = ':newest:{' .. ARGV[2] .. '}', ':price:{' .. ARGV[2] .. '}'
    for at = 3, #ARGV, 9 do
      local id, membership, created, group, direct, shown, priced, amount, boundary = unpack(ARGV, at, at + 8)
      local row = redis.call('HGET', KEYS[2], id)
      local oldMembership, oldCreated, oldGroup, oldDirect, oldShown, oldPriced, oldAmount, oldBoundary =
        '', '', '', '', '', '', '', ''
      if row then
        oldMembership, oldCreated, oldGroup, oldDirect, oldShown, oldPriced, oldAmount, oldBoundary =
          string.match(row, '^(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.*)$')
      end
      local moved = membership ~= '' and membership > oldMembership
      local repriced = priced ~= '' and priced >= oldPriced
      local earlier = membership ~= '' and oldCreated ~= '' and tonumber(created) < tonumber(oldCreated)
      if moved or repriced or earlier then
        local first = created
        if oldCreated ~= '' and (created == '' or tonumber(oldCreated) < tonumber(created)) then first = oldCreated end
        if not moved then membership, group, direct, shown = oldMembership, oldGroup, oldDirect, oldShown end
        created = first
        if not repriced then priced, amount, boundary = oldPriced, oldAmount, oldBoundary end
        local score = amount == '' and '-1' or amount
        if moved and shown ~= oldShown then
          local stays = {}
          for token in string.gmatch(shown, '[^,]+') do stays[token] = true end
          for token in string.gmatch(oldShown, '[^,]+') do
            if not stays[token] then
              redis.call('ZREM', 'category:' .. token .. newest, id)
              redis.call('ZREM', 'category:' .. token .. price, id)
            end
          end
        end
        local placed = earlier or (moved and shown ~= oldShown)
        if placed or amount ~= oldAmount then
          for token in string.gmatch(shown, '[^,]+') do
            if placed then redis.call('ZADD', 'category:' .. token .. newest, created, id) end
            redis.call('ZADD', 'category:' .. token .. price, score, id)
          end
        end
        if boundary ~= oldBoundary then
          if boundary == '' then redis.call('ZREM', KEYS[3], id)
          else redis.call('ZADD', KEYS[3], boundary, id) end
        end
        redis.call('HSET', KEYS[2], id, table.concat({membership, created, group, direct, shown, priced, amount, boundary}, '|'))
      end
    end
    return 0`,
} as const;
