import { createSlots } from "../../streams/slots.ts";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createHeldAnswers, type HeldAnswers } from "../../api/gateway/held-answers.ts";
import { createRedisLoadClaims } from "../../projections/redis/load-claims.ts";
import { createFloors } from "../../api/gateway/floors.ts";
import { createStoredAnswers } from "../../api/gateway/stored-answers.ts";
import { createProductAnswers, type ProductAnswers } from "../../api/gateway/product-answers.ts";
import { createCatalogReader } from "../../api/reader.ts";
import { createLogger } from "../../ops/logger.ts";
import { heldBytes } from "../held-bytes.ts";
import { fill, productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { type Rig, startRig } from "../rig.ts";
import { project } from "./replay.ts";

/**
 * Memory: what a product takes in Redis, in nats-server and in the gateway's cache, beside the JSON of its events
 * and of its answer.
 */
export interface Size {
  readonly products: number;
  readonly rounds: number;
}

/** Answers that the gateway is given to hold. */
const heldMax = 20_000;

export async function memory(sizes: readonly Size[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const { products, rounds } of sizes) {
    const rig = await startRig();
    try {
      const before = { redis: await rig.redisBytes(), nats: rig.residentBytes("nats") };
      const { events, bytes } = await fill(rig.natsPort, products, rounds);
      await project(rig, events);
      const redis = ((await rig.redisBytes()) - before.redis) / products;
      const nats = (rig.residentBytes("nats") - before.nats) / products;
      const raw = bytes / rounds / products;
      const gateway = await heldByGateway(rig, Math.min(products, heldMax));
      const size = `memory, ${products.toLocaleString("en")} products`;
      rows.push(
        {
          name: `${size}: behind the gateway`,
          ours: `Redis ${redis.toFixed(0)} B, nats-server ${nats.toFixed(0)} B a product`,
          yardstick: `${raw.toFixed(0)} B of JSON a product`,
          ratio: `${(redis / raw).toFixed(2)} and ${(nats / raw).toFixed(2)}`,
          wanted: "reported",
          note: "nats-server: resident memory grown, caches included",
        },
        {
          name: `${size}: in the gateway's cache`,
          ours: `${gateway.taken.toFixed(0)} B a product`,
          yardstick: `${gateway.json.toFixed(0)} B of JSON an answer`,
          ratio: (gateway.taken / gateway.json).toFixed(2),
          wanted: "reported",
          note: `its budget counts ${gateway.budgeted.toFixed(0)} B; heap and buffers grown by ${gateway.count.toLocaleString("en")} answers`,
        },
      );
    } finally {
      await rig.close();
    }
  }
  return rows;
}

/** Bytes an answer: what this process grew by, what the budget counts, and its own. */
async function heldByGateway({ catalogue }: Rig, count: number) {
  const now = () => Date.now();
  const versions = catalogue.versions.catalog;
  const reader = createCatalogReader({
    ...catalogue,
    slots: createSlots(32),
    claims: createRedisLoadClaims(catalogue.redis, catalogue.versions.catalog(0)),
    versions,
    now,
    journal: createLogger("error"),
  });
  const { readModel } = catalogue;
  const stored = createStoredAnswers({
    readModel,
    floors: createFloors(),
    versions,
    now,
    journal: createLogger("error"),
  });
  const answers = createProductAnswers({ reader, stored, readModel, versions, now });
  const held = createHeldAnswers(Number.POSITIVE_INFINITY);
  // Code is compiled and pools are filled before anything is counted.
  await hold(answers, held, 0, batch);
  const before = await memoryNow();
  const bodies = await hold(answers, held, batch, count);
  const grown = (await memoryNow()) - before;
  // Read once more, or the collection might have taken it all.
  const counted = count - batch;
  if (held.peek(productId(count - 1)) === undefined) throw new Error("the answers are gone");
  return {
    count: counted,
    taken: grown / counted,
    json: bodies / counted,
    budgeted: heldBytes(bodies / counted),
  };
}

const batch = 500;

/** Makes and holds the answers of these products; returns the bytes of their bodies. */
async function hold(answers: ProductAnswers, held: HeldAnswers, from: number, to: number): Promise<number> {
  let bodies = 0;
  for (let at = from; at < to; at += batch) {
    const ids = Array.from({ length: Math.min(batch, to - at) }, (_, index) => productId(at + index));
    // The replay is over and nobody says any more that the read models are level, which they are.
    const made = await answers.make(ids, "assembled", { freshnessMs: Number.POSITIVE_INFINITY });
    for (const [index, id] of ids.entries()) {
      const answer = made[index];
      if (answer?.source !== "redis") throw new Error(`${id} did not come from Redis`);
      held.put(id, {
        answer,
        moment: 0,
        shown: answer.sequence,
        tookMs: 0,
        touched: false,
        madeAt: 0,
        retryAt: 0,
      });
      bodies += answer.prepared.bytes.length;
    }
  }
  return bodies;
}

/** Heap and buffers of this process without what nobody holds; buffers are given back beside the collection. */
async function memoryNow(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let times = 0; times < 5; times++) {
    collect();
    await delay(100);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
