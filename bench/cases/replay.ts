import { jetstream } from "@nats-io/jetstream";
import { connect } from "nats";
import { announcing } from "../../projections/announcing.ts";
import { createCatalogProjection } from "../../projections/catalog/projection.ts";
import { createProjector } from "../../projections/projector.ts";
import { allPartitions } from "../../streams/partition.ts";
import { createLogger } from "../../ops/logger.ts";
import type { Row } from "../report.ts";
import { fill, mixText } from "../mix.ts";
import { median, type Rig, startRig } from "../rig.ts";

/**
 * Replay: the whole log into an empty Redis, beside a bare ordered consumer that reads the same stream and
 * does nothing, in turn.
 */
export interface Size {
  readonly products: number;
  readonly rounds: number;
  /** How often log and yardstick are measured in turn. */
  readonly turns: number;
}

export async function replay(sizes: readonly Size[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const costs: number[] = [];
  for (const { products, rounds, turns } of sizes) {
    const rig = await startRig();
    try {
      const { events } = await fill(rig.natsPort, products, rounds);
      const bare: number[] = [];
      const ours: number[] = [];
      for (let turn = 0; turn < turns; turn++) {
        bare.push(await readBare(rig, events));
        ours.push(await project(rig, events));
      }
      const ratio = median(ours.map((rate, at) => rate / (bare[at] ?? Number.NaN)));
      costs.push(1e6 / median(ours));
      rows.push({
        name: `replay, ${products.toLocaleString("en")} products, ${events.toLocaleString("en")} events`,
        ours: `${rate(median(ours))} events/s`,
        yardstick: `${rate(median(bare))} events/s (ordered consumer)`,
        ratio: ratio.toFixed(2),
        wanted: "at least 0.40",
        note: mixText,
      });
    } finally {
      await rig.close();
    }
  }
  const [first, last] = [costs[0], costs.at(-1)];
  if (first !== undefined && last !== undefined && costs.length > 1) {
    rows.push({
      name: "replay, cost of an event, most products beside fewest",
      ours: `${last.toFixed(1)} µs`,
      yardstick: `${first.toFixed(1)} µs`,
      ratio: (last / first).toFixed(2),
      wanted: "at most 1.50",
      note: "",
    });
  }
  return rows;
}

async function readBare(rig: Rig, events: number): Promise<number> {
  const connection = await connect({ port: rig.natsPort });
  try {
    const consumer = await jetstream(connection).consumers.get("CATALOG", { opt_start_seq: 1 });
    const from = performance.now();
    let count = 0;
    const done = Promise.withResolvers<void>();
    const messages = await consumer.consume({
      max_messages: 5_000,
      callback: () => {
        if (++count === events) done.resolve();
      },
    });
    await done.promise;
    const seconds = (performance.now() - from) / 1_000;
    await messages.close();
    return events / seconds;
  } finally {
    await connection.close();
  }
}

/** Events a second of a replay into an empty Redis. */
export async function project(rig: Rig, events: number): Promise<number> {
  const { catalogue } = rig;
  const readModel = announcing(catalogue.readModel, catalogue.changes);
  await rig.emptyRedis();
  const now = () => Date.now();
  const owned = new Set(allPartitions);
  const projector = createProjector({
    name: "catalog",
    log: catalogue.catalog,
    quarantine: catalogue.quarantine,
    readModel,
    projection: createCatalogProjection({
      ...catalogue,
      readModel,
      versions: catalogue.versions.catalog,
      now,
      journal: createLogger("error"),
    }),
    versions: catalogue.versions.catalog,
    epoch: catalogue.epochs.catalog,
    owned: () => owned,
    now,
    journal: createLogger("error"),
  });
  const stop = new AbortController();
  const from = performance.now();
  const run = projector.run(stop.signal);
  while (projector.health().position < events) await new Promise((resolve) => setTimeout(resolve, 5));
  const seconds = (performance.now() - from) / 1_000;
  stop.abort();
  await run;
  return events / seconds;
}

const rate = (perSecond: number) => Math.round(perSecond).toLocaleString("en");
