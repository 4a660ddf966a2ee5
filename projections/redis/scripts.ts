import { versionLength } from "../version.ts";

/**
 * The Lua that makes each write "store if newer" in one step. A stored text begins with its version, which
 * sorts as text; no sequence ever becomes a Lua number. Scripts touch keys of several cluster slots:
 * one Redis, not a Redis Cluster, is what they are for.
 */

/** Refuses a write whose partition is not where the writer found it. */
export const fencedReply = "FENCED";
export const fence = `
    local position = redis.call('GET', KEYS[1]) or ''
    if string.match(position, '^%S*') ~= ARGV[1] then
      return redis.error_reply('${fencedReply} the position of the partition has moved')
    end`;

/** Stands for a version in a row that has none; less than all of them. */
export const noVersion = "-".repeat(versionLength);

/** The key that says that answers may stand here: a store that nobody has read from yet is filled without looking for them. */
export const answersFlag = "answers";

/** A row's pricing is ranked by its version and all that it is made of (`rankOf`). */
export const rankLength = versionLength + 17;
export const noRank = "-".repeat(rankLength);

/** The score of a product without a price. */
export const unpriced = -1;

/** How a list was touched: by who is in it, or only in its order by price. */
export const touchedMembers = 2;
export const touchedPrices = 1;
/** What is told of a product, by its identifier, and not of a list: its amount fell to half or less. */
export const halved = 3;
/** A call with more rows does not say which lists it touched. */
export const rowsToldMax = 64;

/**
 * What the scripts over rows share. All rows are read by one command and written by one, and each sorted set
 * is changed by one: most of a small command's cost is the call.
 *
 * A row is `<membership version> <pricing rank> <created>|<group>|<amount>|<boundary>|<direct>|<shown>`.
 */
export function rowsOfCall(textsPerRow: number): string {
  return `
    local call, sub, match, gmatch = redis.call, string.sub, string.match, string.gmatch
    local slot = ':{' .. ARGV[2] .. '}'
    local newest, price = ':newest' .. slot, ':price' .. slot
    local ids = {}
    for at = 3, #ARGV, ${textsPerRow} do ids[#ids + 1] = ARGV[at] end
    local rows = {}
    for at, row in ipairs(call('HMGET', KEYS[2], unpack(ids))) do rows[ids[at]] = row end
    local changed, added, touched, fallen = {}, {}, {}, {}
    local function standing(id)
      local row = rows[id]
      if not row then return '${noVersion}', '${noRank}', '', '', '', '', '', '' end
      return sub(row, 1, ${versionLength}), sub(row, ${versionLength + 2}, ${versionLength + 1 + rankLength}),
        match(row, '^([^|]*)|([^|]*)|([^|]*)|([^|]*)|([^|]*)|(.*)$', ${versionLength + rankLength + 3})
    end
    local function keep(id, membership, priced, created, group, amount, boundary, direct, shown)
      local row = membership .. ' ' .. priced .. ' ' .. created .. '|' .. group .. '|' .. amount .. '|' ..
        boundary .. '|' .. direct .. '|' .. shown
      rows[id] = row
      changed[#changed + 1] = id
      changed[#changed + 1] = row
    end
    local function add(set, score, id)
      local members = added[set]
      if not members then
        members = {}
        added[set] = members
      end
      members[#members + 1] = score
      members[#members + 1] = id
    end
    local function reprice(id, before, after)
      if before == '' or after == '' or before == after then return end
      if 2 * tonumber(after) <= tonumber(before) then fallen[#fallen + 1] = id end
    end
    local function due(boundary, id)
      if boundary == '' then call('ZREM', KEYS[3], id) else call('ZADD', KEYS[3], boundary, id) end
    end`;
}

export const writeRows = `
    for set, members in pairs(added) do call('ZADD', 'category:' .. set, unpack(members)) end
    if #changed > 0 then call('HSET', KEYS[2], unpack(changed)) end
    if #ids > ${rowsToldMax} then return 0 end
    local told = {}
    for token, how in pairs(touched) do
      told[#told + 1] = token
      told[#told + 1] = how
    end
    for _, id in ipairs(fallen) do
      told[#told + 1] = id
      told[#told + 1] = ${halved}
    end
    return told`;

export const scripts = {
  /**
   * KEYS: for each product the position of its partition, its three registers, its ratings, and the sales and the listing of
   * its partition. ARGV: the field of the rating, then for each product its fields among the sales and in the listing.
   * Seven values for each; the last one is its row, where its first register is missing.
   */
  readProducts: `
    local call, read = redis.call, {}
    for at = 1, #KEYS, 7 do
      local texts, field = call('MGET', KEYS[at], KEYS[at + 1], KEYS[at + 2], KEYS[at + 3]), (at - 1) / 7 * 2 + 2
      read[at], read[at + 1], read[at + 2], read[at + 3] = texts[1], texts[2], texts[3], texts[4]
      read[at + 4] = call('HGET', KEYS[at + 4], ARGV[1])
      read[at + 5] = call('HGET', KEYS[at + 5], ARGV[field])
      read[at + 6] = not texts[2] and call('HGET', KEYS[at + 6], ARGV[field + 1])
    end
    return read`,

  /**
   * KEYS: a partition's position, then registers. ARGV: the position expected, seconds to live, then a text for
   * each register. Makes those that are absent, unless the position has moved.
   */
  refill: `
    local position = redis.call('GET', KEYS[1]) or ''
    if string.match(position, '^%S*') ~= ARGV[1] then return 0 end
    for at = 2, #KEYS do redis.call('SET', KEYS[at], ARGV[at + 1], 'NX', 'EX', ARGV[2]) end
    return 0`,

  /**
   * KEYS: a partition's position, three registers, ratings, sales, and the answer. ARGV: the position and the versions of
   * the rest that the answer was made of, the fields of the rating and of the product's sales, seconds to live, the answer.
   */
  putAnswer: `
    local call, sub = redis.call, string.sub
    if string.match(call('GET', KEYS[1]) or '', '^%S*') ~= ARGV[1] then return 0 end
    local parts = ''
    for at = 2, 4 do parts = parts .. call('GETRANGE', KEYS[at], 0, ${versionLength - 1}) end
    for at = 5, 6 do parts = parts .. sub(call('HGET', KEYS[at], ARGV[at - 2]) or '', 1, ${versionLength}) end
    if parts ~= ARGV[2] then return 0 end
    call('SETNX', '${answersFlag}', '1')
    call('SET', KEYS[7], ARGV[6], 'EX', ARGV[5])
    return 0`,

  /**
   * KEYS: position, one hash, then answers that show what it holds and go in any case. ARGV: the position expected, then
   * pairs of field and text.
   */
  storeFieldsIfNewer: `${fence}
    if #KEYS > 2 then redis.call('UNLINK', unpack(KEYS, 3)) end
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
   * KEYS: positions of partitions. ARGV: for each the version expected ('' for none) and the new text.
   * Returns for each nothing if it moved, else what stands there ('' for none).
   */
  advance: `
    local call, found = redis.call, {}
    for at = 1, #KEYS do
      local standing = call('GET', KEYS[at]) or ''
      if string.match(standing, '^%S*') == ARGV[2 * at - 1] then
        call('SET', KEYS[at], ARGV[2 * at])
        found[at] = false
      else
        found[at] = standing
      end
    end
    return found`,
} as const;
