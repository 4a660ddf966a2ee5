import { noRank, noVersion, rowsOfCall, writeRows } from "./scripts.ts";

/**
 * The Lua of a rebuild. Where the projector's scripts store what is newer, these replace what stands at or
 * before the place that was folded and was not made by a newer fold, be it newer or older than what replaces
 * it: an event that was good may be bad today. ARGV[1] is the version of that place, at the rebuild's revision.
 */
const replaceable = `
    local place, revision = string.sub(ARGV[1], 1, 26), string.sub(ARGV[1], 28)
    local function replaceable(version)
      return string.sub(version, 1, 26) <= place and string.sub(version, 28, 30) <= revision
    end`;

export const replacingScripts = {
  /** KEYS: newest reviews. ARGV: the place, then a text for each key. Absent ones stay absent. */
  replaceReviews: `${replaceable}
    for at, key in ipairs(KEYS) do
      local standing = redis.call('GETRANGE', key, 0, 29)
      if standing ~= '' and replaceable(standing) then redis.call('SET', key, ARGV[at + 1], 'KEEPTTL') end
    end
    return 0`,

  /** KEYS: for each register those of its product. ARGV: the place, then field and text of each. Absent ones stay absent. */
  replaceRegisters: `${replaceable}
    for at, key in ipairs(KEYS) do
      local field = ARGV[2 * at]
      local standing = redis.call('HGET', key, field)
      if standing and replaceable(standing) then redis.call('HSET', key, field, ARGV[2 * at + 1]) end
    end
    return 0`,

  /**
   * KEYS: a hash. ARGV: the place, the field whose version speaks for the whole, then pairs of field and text.
   * Replaces the hash whole; without pairs it is removed.
   */
  replaceHash: `${replaceable}
    local standing = redis.call('HGET', KEYS[1], ARGV[2])
    if standing and not replaceable(standing) then return 0 end
    redis.call('DEL', KEYS[1])
    for at = 3, #ARGV, 1000 do
      redis.call('HSET', KEYS[1], unpack(ARGV, at, math.min(at + 999, #ARGV)))
    end
    return 0`,

  /** KEYS: a hash. ARGV: the place, then pairs of field and text, each by itself; '' removes the field. */
  replaceFields: `${replaceable}
    for at = 2, #ARGV, 2 do
      local standing = redis.call('HGET', KEYS[1], ARGV[at])
      if not standing or replaceable(standing) then
        if ARGV[at + 1] == '' then redis.call('HDEL', KEYS[1], ARGV[at])
        else redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
      end
    end
    return 0`,

  /**
   * KEYS: a partition's position, listing and boundaries. ARGV: the place, the partition, then nine texts for
   * each row as in \`storeRows\`; '' for the version of a part that the product has not, which is removed.
   * Lists, groups and boundaries follow the row.
   */
  replaceRows: `${replaceable}${rowsOfCall(9)}
    for at = 3, #ARGV, 9 do
      local id, membership, created, group, direct, shown, priced, amount, boundary = unpack(ARGV, at, at + 8)
      local oldMembership, oldPriced, oldCreated, oldGroup, oldAmount, oldBoundary, oldDirect, oldShown = standing(id)
      if oldMembership ~= '${noVersion}' and not replaceable(oldMembership) then
        membership, created, group, direct, shown = oldMembership, oldCreated, oldGroup, oldDirect, oldShown
      end
      if oldPriced ~= '${noRank}' and not replaceable(oldPriced) then
        priced, amount, boundary = oldPriced, oldAmount, oldBoundary
      end
      if oldGroup ~= '' and oldGroup ~= group then call('SREM', 'group:' .. oldGroup .. slot, id) end
      if group ~= '' then call('SADD', 'group:' .. group .. slot, id) end
      local stays = {}
      for token in gmatch(shown, '[^,]+') do
        stays[token] = true
        add(token .. newest, created, id)
        add(token .. price, amount == '' and '-1' or amount, id)
      end
      for token in gmatch(oldShown, '[^,]+') do
        if not stays[token] then
          call('ZREM', 'category:' .. token .. newest, id)
          call('ZREM', 'category:' .. token .. price, id)
        end
      end
      if boundary ~= oldBoundary then due(boundary, id) end
      if membership == '' and priced == '' then call('HDEL', KEYS[2], id)
      else
        keep(id, membership == '' and '${noVersion}' or membership, priced == '' and '${noRank}' or priced,
          created, group, amount, boundary, direct, shown)
      end
    end
    ${writeRows}`,
} as const;
