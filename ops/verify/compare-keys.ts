import { type Identifier, identifierOf, parseIdentifier } from "../../streams/identifier.ts";
import type { RedisConnection } from "../../projections/redis/connection.ts";
import { batches } from "./batches.ts";
import { type Comparison, movedOn, oursAmong } from "./comparison.ts";
import type { Reference } from "./reference/fold.ts";
import type { Tally } from "./tally.ts";

/**
 * Keys that should not be: of products, categories and groups that the log does not know, and of a kind that
 * nobody told us about. This alone looks past the port, with SCAN, because a port cannot be asked for what it
 * does not know of.
 */

/**
 * Keys that are about no single product, category or group, and loads that readers have under way. What other parts keep
 * in this Redis belongs here.
 */
const otherKeys =
  /^(?:categories|answers|position:(?:catalog|activity):\{\d+\}|boundaries:\{\d+\}|load:\{.+\})$/;

const scanCount = 1_000;

export async function compareKeys(comparison: Comparison, redis: RedisConnection): Promise<void> {
  const { reference, tally } = comparison;
  let suspects = new Map<Identifier, string>();

  const suspect = (text: string | undefined, place: string): void => {
    const id = text === undefined ? undefined : parseIdentifier(text);
    if (id === undefined) report(tally, place, "an identifier");
    else if (!reference.products.has(id) && oursAmong(comparison, [id]).length > 0) suspects.set(id, place);
  };

  for await (const keys of scan(redis)) {
    for (const key of keys) {
      tally.check("key", []);
      const [, kind = "", token = ""] = /^([a-z]+):\{?([^:{}]+)/.exec(key) ?? [];
      if (/^(?:registers|answer|reviews|ratings)$/.test(kind)) suspect(identifierOf(token), key);
      else if (kind === "listing") {
        for await (const field of fieldsOf(redis, key)) suspect(field, `${key} ${field}`);
      } else if (kind === "sales") {
        for await (const field of fieldsOf(redis, key)) {
          if (field.startsWith("product:")) suspect(field.slice("product:".length), `${key} ${field}`);
        }
      } else if (kind === "category" || kind === "group")
        await compareIndex(comparison, redis, key, identifierOf(token));
      else if (!otherKeys.test(key)) report(tally, key, "a kind of key that the verifier knows");
    }
    const pending = suspects;
    suspects = new Map();
    for (const batch of batches(pending)) await compareGhosts(comparison, batch);
  }
}

/** A product that the reference does not know came after what was folded, or what is there is a ghost. */
async function compareGhosts(
  comparison: Comparison,
  suspects: readonly (readonly [Identifier, string])[],
): Promise<void> {
  const { reference, readModel, versions, tally } = comparison;
  const newest = versions(reference.head);
  const ids = suspects.map(([id]) => id);
  const [reads, reviews, moved] = await Promise.all([
    readModel.readProducts(ids),
    readModel.readReviews(ids),
    movedOn(comparison, ids),
  ]);
  for (const [at, [id, place]] of suspects.entries()) {
    const read = reads[at];
    const later =
      moved.has(id) ||
      (read?.rating?.sequence ?? 0) > reference.head ||
      (read?.sales?.sequence ?? 0) > reference.head ||
      [read?.product, read?.price, read?.inventory, reviews[at]].some((one) => (one?.version ?? "") > newest);
    if (later) tally.skip("key");
    else report(tally, place, "a product that the log knows");
  }
}

/** A category's list or a group that the log never named shows nobody, or only who came later. */
async function compareIndex(
  comparison: Comparison,
  redis: RedisConnection,
  key: string,
  id: Identifier | undefined,
): Promise<void> {
  const { reference, tally, partition } = comparison;
  if (partition !== undefined || isNamed(reference, id)) return;
  const members = key.startsWith("group:") ? await redis.smembers(key) : await redis.zrange(key, "0", "99");
  const products = members.map(parseIdentifier).filter((member) => member !== undefined);
  const moved = await movedOn(comparison, products);
  if (moved.size > 0) tally.skip("key");
  else report(tally, key, "a category or group that the log names");
}

function isNamed({ everListed, everGrouped }: Reference, id: Identifier | undefined): boolean {
  return id !== undefined && (everListed.has(id) || everGrouped.has(id));
}

function report(tally: Tally, place: string, expected: string): void {
  tally.check("key", [{ kind: "key", id: place, what: "ghost", expected, found: "a key" }]);
}

/** SCAN may name a key twice; it names each that was there throughout. */
async function* scan(redis: RedisConnection): AsyncGenerator<readonly string[]> {
  let cursor = "0";
  do {
    const [next, keys] = await redis.scan(cursor, "COUNT", scanCount);
    cursor = next;
    yield keys;
  } while (cursor !== "0");
}

async function* fieldsOf(redis: RedisConnection, hash: string): AsyncGenerator<string> {
  let cursor = "0";
  do {
    const [next, found] = await redis.hscan(hash, cursor, "COUNT", scanCount);
    cursor = next;
    for (const [at, text] of found.entries()) if (at % 2 === 0) yield text;
  } while (cursor !== "0");
}
