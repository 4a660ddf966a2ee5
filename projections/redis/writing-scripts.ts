import {
  answersFlag,
  fence,
  fencedReply,
  rowsOfCall,
  touchedMembers,
  touchedPrices,
  writeRows,
} from "./scripts.ts";
import { versionLength } from "../version.ts";

/** The Lua of what is written many at a time (`scriptCall`). */
export const writingScripts = {
  /**
   * KEYS: positions of partitions, then registers. ARGV: seconds to live, how many positions, each one as it is
   * expected, then a text for each register. Answers that show these go in any case: one may have been made between two
   * calls that write the same.
   */
  storeIfNewer: `
    local call, sub, match = redis.call, string.sub, string.match
    local fences = tonumber(ARGV[2])
    local standing, written = call('MGET', unpack(KEYS)), {}
    for at = 1, fences do
      if match(standing[at] or '', '^%S*') ~= ARGV[at + 2] then
        return redis.error_reply('${fencedReply} the position of the partition has moved')
      end
    end
    for at = fences + 1, #KEYS do
      local key, text = KEYS[at], ARGV[at + 2]
      local before = written[key] or standing[at]
      if not before then
        call('SET', key, text, 'EX', ARGV[1])
        written[key] = text
      elseif sub(before, 1, ${versionLength}) < sub(text, 1, ${versionLength}) then
        call('SET', key, text, 'KEEPTTL')
        written[key] = text
      end
    end
    if call('EXISTS', '${answersFlag}') == 1 then
      local answers, product = {}, ''
      for at = fences + 1, #KEYS do
        local slot = sub(KEYS[at], string.find(KEYS[at], ':', 1, true), -1)
        if slot ~= product then answers[#answers + 1] = 'answer' .. slot end
        product = slot
      end
      call('UNLINK', unpack(answers))
    end
    return 0`,

  /**
   * Rows of products that have none yet, with their places in lists, which is all there is to do: a third less work than
   * by `storeRows`. Where one of them has a row, nothing is done and 0 returned.
   *
   * KEYS: a partition's position and listing. ARGV: the position expected, how many rows, product and row of each, then for
   * each sorted set its name, how many members, score and product of each.
   */
  storeNewRows: `${fence}
    local call, last, ids = redis.call, 2 + 2 * ARGV[2], {}
    for at = 3, last, 2 do ids[#ids + 1] = ARGV[at] end
    for _, row in ipairs(call('HMGET', KEYS[2], unpack(ids))) do
      if row then return 0 end
    end
    call('HSET', KEYS[2], unpack(ARGV, 3, last))
    local set = last + 1
    while set < #ARGV do
      last = set + 1 + 2 * ARGV[set + 1]
      call('ZADD', ARGV[set], unpack(ARGV, set + 2, last))
      set = last + 1
    end
    return 1`,

  /**
   * KEYS: a partition's position, listing and boundaries. ARGV: the position expected, the partition, then
   * nine texts for each row:
   * id, membership version, created, group, direct, shown, pricing rank ('' to leave it), amount, next boundary.
   * The sorted sets and the groups follow the row, which alone decides.
   */
  storeRows: `${fence}${rowsOfCall(9)}
    for at = 3, #ARGV, 9 do
      local id, membership, created, group, direct, shown, priced, amount, boundary = unpack(ARGV, at, at + 8)
      local oldMembership, oldPriced, oldCreated, oldGroup, oldAmount, oldBoundary, oldDirect, oldShown = standing(id)
      local moved = membership > oldMembership
      local repriced = priced ~= '' and priced >= oldPriced
      local earlier = oldCreated ~= '' and tonumber(created) < tonumber(oldCreated)
      if moved or repriced or earlier then
        if oldCreated ~= '' and not earlier then created = oldCreated end
        if not moved then membership, group, direct, shown = oldMembership, oldGroup, oldDirect, oldShown end
        if not repriced then priced, amount, boundary = oldPriced, oldAmount, oldBoundary end
        if group ~= oldGroup then
          if oldGroup ~= '' then call('SREM', 'group:' .. oldGroup .. slot, id) end
          if group ~= '' then call('SADD', 'group:' .. group .. slot, id) end
        end
        if shown ~= oldShown then
          local stays = {}
          for token in gmatch(shown, '[^,]+') do stays[token] = true end
          for token in gmatch(oldShown, '[^,]+') do
            if not stays[token] then
              touched[token] = ${touchedMembers}
              call('ZREM', 'category:' .. token .. newest, id)
              call('ZREM', 'category:' .. token .. price, id)
            end
          end
        end
        local placed = earlier or shown ~= oldShown
        if placed or amount ~= oldAmount then
          local score = amount == '' and '-1' or amount
          for token in gmatch(shown, '[^,]+') do
            if placed then
              add(token .. newest, created, id)
              touched[token] = ${touchedMembers}
            else touched[token] = touched[token] or ${touchedPrices} end
            add(token .. price, score, id)
          end
        end
        reprice(id, oldAmount, amount)
        if boundary ~= oldBoundary then due(boundary, id) end
        keep(id, membership, priced, created, group, amount, boundary, direct, shown)
      end
    end
    ${writeRows}`,

  /**
   * The same for rows of which only the price changes: four texts for each,
   * id, pricing rank, amount, next boundary.
   */
  storePrices: `${fence}${rowsOfCall(4)}
    for at = 3, #ARGV, 4 do
      local id, priced, amount, boundary = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
      local membership, oldPriced, created, group, oldAmount, oldBoundary, direct, shown = standing(id)
      if priced >= oldPriced then
        if amount ~= oldAmount then
          for token in gmatch(shown, '[^,]+') do
            add(token .. price, amount, id)
            touched[token] = ${touchedPrices}
          end
          reprice(id, oldAmount, amount)
        end
        if boundary ~= oldBoundary then due(boundary, id) end
        keep(id, membership, priced, created, group, amount, boundary, direct, shown)
      end
    end
    ${writeRows}`,
} as const;
