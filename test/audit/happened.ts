import fc from "fast-check";
import { setImmediate as turn } from "node:timers/promises";
import { createOracle, type Oracle } from "../../ops/audit/oracle.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { event, noon, type Published, products } from "../verify/random-shop.ts";

/** A log of a small shop, good events and bad ones, and an oracle that has come to its end. */

export const happened = fc.array(event, { minLength: 1, maxLength: 60, size: "max" });

export interface Happened {
  readonly log: Log;
  readonly oracle: Oracle;
  readonly ids: readonly Identifier[];
}

interface Limits {
  readonly sample?: number;
  readonly tracedMax?: number;
}

/** Each event is a second behind the one before it; `from`: where the oracle begins. */
export async function histories(
  events: readonly Published[],
  from: number,
  limits: Limits = {},
): Promise<Happened> {
  const clock = { now: noon };
  const log = createMemoryLog({ stream: "CATALOG", now: () => clock.now });
  for (const { subject, payload, headers } of events) {
    clock.now += 1_000;
    await log.append(subject, Buffer.from(payload), headers === undefined ? {} : { headers });
  }
  return { log, oracle: await oracleOf(log, from, limits), ids: products };
}

/** An oracle that has come to the end of a log. */
export async function oracleOf(log: Log, from: number, limits: Limits = {}): Promise<Oracle> {
  const { last } = await log.bounds();
  const oracle = createOracle({
    catalog: log,
    sample: 1,
    tracedMax: 1_000,
    horizonMs: Number.POSITIVE_INFINITY,
    now: () => noon,
    onChange() {},
    onHead() {},
    ...limits,
  });
  const over = new AbortController();
  const following = oracle.follow(from, over.signal);
  while (oracle.head < last || oracle.reading > 0) await turn();
  over.abort();
  await following;
  return oracle;
}
