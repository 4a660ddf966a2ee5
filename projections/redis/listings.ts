import { type Identifier, identifierOf, tokenOf } from "../../streams/identifier.ts";
import { allPartitions } from "../../streams/partition.ts";
import { rankOf } from "../pricing.ts";
import type { ListingPut, ListingRow, ListingSort, ReadModel, TouchedLists } from "../read-model.ts";
import { type Version, versionLength } from "../version.ts";
import type { RedisConnection, Told } from "./connection.ts";
import { keys } from "./keys.ts";
import { createNewRows } from "./new-rows.ts";
import { fenced, pipelined } from "./pipeline.ts";
import { readPositions } from "./positions.ts";
import { tokensOf } from "./tokens-of.ts";
import { type ScriptCall, scriptCall } from "./script-call.ts";
import { halved, noVersion, rankLength, touchedMembers, unpriced } from "./scripts.ts";
import type { Words } from "./words.ts";
import { writingScripts } from "./writing-scripts.ts";

/**
 * Listings: in each partition a row for every product, and for each category two sorted sets that the rows
 * decide. A page is merged from all partitions, so it costs at most 50 short commands wherever the category stands
 * in the tree and however many products it shows.
 */

type ListingPart = Pick<ReadModel, "readRows" | "putRows" | "readShown" | "readListing" | "readDue">;

/** Rows of one script call: bounds how long Redis is busy with it. */
const rowsPerCall = 250;

export function redisListings(redis: RedisConnection): ListingPart {
  const storeRows = scriptCall<Told>(redis, writingScripts.storeRows);
  const storePrices = scriptCall<Told>(redis, writingScripts.storePrices);
  const newRows = createNewRows(redis);

  async function page(category: Identifier, sort: ListingSort, last: number) {
    const keyOf = (order: "newest" | "price", partition: number) => keys.category(category, order, partition);
    const byScore = (min: number, max: number | "+inf") => (partition: number) =>
      redis.zrangebyscore(keyOf("price", partition), min, max, "WITHSCORES", "LIMIT", 0, last);
    const backwards = (partition: number) =>
      redis.zrevrange(keyOf(sort === "newest" ? "newest" : "price", partition), 0, last - 1, "WITHSCORES");
    const [positions, totals, found] = await pipelined(redis, () => [
      readPositions(redis, "catalog", allPartitions),
      Promise.all(allPartitions.map((partition) => redis.zcard(keyOf("newest", partition)))),
      // Products without a price come last, whichever way the prices run.
      Promise.all(
        sort === "price_asc"
          ? [...allPartitions.map(byScore(0, "+inf")), ...allPartitions.map(byScore(unpriced, unpriced))]
          : allPartitions.map(backwards),
      ),
    ]);
    return { positions, totals, found };
  }

  return {
    async readRows(partition, ids) {
      if (ids.length === 0) return [];
      const rows = await redis.hmget(keys.listing(partition), ...ids);
      return rows.map((row) => (row === null ? undefined : parseRow(row)));
    },

    async putRows({ partition, position }, puts) {
      const rows = puts.filter((put) => put.membership !== undefined);
      const prices = puts.filter((put) => put.membership === undefined);
      const keysAndFence = [
        keys.position("catalog", partition),
        keys.listing(partition),
        keys.boundaries(partition),
        position ?? "",
        String(partition),
      ];
      const call = (
        script: ScriptCall<Told>,
        chunk: readonly ListingPut[],
        write: (words: Words, put: ListingPut) => void,
      ) =>
        script(3, (words) => {
          for (const word of keysAndFence) words.text(word);
          for (const put of chunk) write(words, put);
        });
      // Sent one by one, so that Redis works on the first while the next is being written out.
      const calls: Promise<Told>[] = [];
      for (let at = 0; at < rows.length; at += rowsPerCall) {
        const chunk = rows.slice(at, at + rowsPerCall);
        const store = () => call(storeRows, chunk, writeRow);
        calls.push(
          newRows.mayBe(partition, chunk) ? newRows.store({ partition, position }, chunk, store) : store(),
        );
      }
      for (let at = 0; at < prices.length; at += rowsPerCall) {
        calls.push(call(storePrices, prices.slice(at, at + rowsPerCall), writePrice));
      }
      return touchedIn(await fenced(Promise.all(calls)));
    },

    async *readShown(partition, category) {
      let cursor = "0";
      do {
        const [next, found] = await redis.zscan(
          keys.category(category, "newest", partition),
          cursor,
          "COUNT",
          500,
        );
        cursor = next;
        const ids = found.filter((_, at) => at % 2 === 0) as Identifier[];
        if (ids.length > 0) yield ids;
      } while (cursor !== "0");
    },

    async readListing(category, sort, offset, count) {
      const { positions, totals, found } = await page(category, sort, offset + count);
      const entries: { id: Identifier; score: number }[] = [];
      for (const list of found) {
        for (let at = 0; at < list.length; at += 2) {
          entries.push({ id: list[at] as Identifier, score: Number(list[at + 1]) });
        }
      }
      entries.sort(comparator(sort));
      const total = totals.reduce((sum, each) => sum + each, 0);
      return { ids: entries.slice(offset, offset + count).map(({ id }) => id), total, positions };
    },

    async readDue(partition, now, max) {
      return (await redis.zrangebyscore(keys.boundaries(partition), 0, now, "LIMIT", 0, max)) as Identifier[];
    },
  };
}

function touchedIn(calls: readonly Told[]): TouchedLists | undefined {
  const members = new Set<Identifier>();
  const prices = new Set<Identifier>();
  const fallen: Identifier[] = [];
  for (const told of calls) {
    if (told === 0) return undefined;
    for (let at = 0; at < told.length; at += 2) {
      const [name, how] = [told[at] as string, told[at + 1]];
      if (how === halved) fallen.push(name as Identifier);
      else (how === touchedMembers ? members : prices).add(identifierIn(name));
    }
  }
  return { members: [...members], prices: [...prices].filter((id) => !members.has(id)), fallen };
}

/** Rising for `price_asc`, else falling; equal ones by the bytes of their ids, as Redis has them. */
function comparator(sort: ListingSort) {
  const rank = (score: number) => (score === unpriced ? Number.POSITIVE_INFINITY : score);
  const bytes = (id: Identifier) => Buffer.from(id);
  return (a: { id: Identifier; score: number }, b: { id: Identifier; score: number }): number =>
    sort === "price_asc"
      ? rank(a.score) - rank(b.score) || Buffer.compare(bytes(a.id), bytes(b.id))
      : b.score - a.score || Buffer.compare(bytes(b.id), bytes(a.id));
}

function writeRow(words: Words, { id, membership, pricing }: ListingPut): void {
  if (membership === undefined) return;
  words.text(id);
  words.text(membership.version);
  words.text(String(membership.created));
  words.text(membership.group === null ? "" : tokenOf(membership.group));
  words.text(tokensOf(membership.direct));
  words.text(tokensOf(membership.shown));
  words.text(pricing === undefined ? "" : rankOf(pricing));
  words.text(pricing === undefined ? "" : String(pricing.amount));
  words.text(pricing?.nextBoundary === undefined ? "" : String(pricing.nextBoundary));
}

function writePrice(words: Words, { id, pricing }: ListingPut): void {
  if (pricing === undefined) return;
  const { amount, nextBoundary } = pricing;
  words.text(id);
  words.text(rankOf(pricing));
  words.text(String(amount));
  words.text(nextBoundary === undefined ? "" : String(nextBoundary));
}

const pricedAt = versionLength + 1;
const restAt = pricedAt + rankLength + 1;

function parseRow(row: string): ListingRow {
  const membership = row.slice(0, versionLength);
  const priced = row.slice(pricedAt, pricedAt + versionLength);
  const [created = "", group = "", amount = "", , direct = "", shown = ""] = row.slice(restAt).split("|");
  return {
    membership: membership === noVersion ? undefined : (membership as Version),
    created: created === "" ? undefined : Number(created),
    group: group === "" ? null : identifierIn(group),
    direct: identifiersIn(direct),
    shown: identifiersIn(shown),
    priced: priced === noVersion ? undefined : (priced as Version),
    amount: amount === "" ? undefined : Number(amount),
  };
}

function identifiersIn(tokens: string): readonly Identifier[] {
  return tokens === "" ? [] : tokens.split(",").map(identifierIn);
}

function identifierIn(token: string): Identifier {
  const identifier = identifierOf(token);
  if (identifier === undefined) throw new Error(`a listing row names "${token}", which is no token`);
  return identifier;
}
