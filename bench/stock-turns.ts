import { type Bought, buyFor } from "./buying.ts";
import { cpuSecondsOf } from "./cpu-seconds.ts";
import { productId } from "./mix.ts";
import type { Row } from "./report.ts";
import { median, startRig } from "./rig.ts";
import { startStockKeepers } from "./stock-keepers.ts";
import { startPostgresql } from "./yardsticks/postgresql.ts";

/**
 * Stock that never runs out, bought from its keepers and from PostgreSQL, with synchronous commit and without, in turns of
 * the same buyers. Keepers and buyers are this process, on the first core; nats-server and PostgreSQL have the second. In the end
 * each side must have taken as many units as it said.
 */
export interface StockTurns {
  readonly products: number;
  /** What is bought next, as a number below `products`. */
  readonly pick: () => number;
  readonly turns: number;
  readonly turnMs: number;
}

export interface StockMeasured {
  readonly keepers: readonly Bought[];
  /** Reservations in an event, by turns. */
  readonly batches: readonly number[];
  /** By `synchronous_commit`. */
  readonly postgresql: { readonly on: readonly Bought[]; readonly off: readonly Bought[] };
  readonly version: string;
}

export const buyers = 256;
/** Of each product: more than all turns take, and as much as an integer of PostgreSQL holds. */
const quantity = 2_000_000_000;

export async function stockInTurns({ products, pick, turns, turnMs }: StockTurns): Promise<StockMeasured> {
  const all = Array.from({ length: products }, (_, at) => productId(at));
  const any = () => all[pick()] ?? productId(0);
  const closing: (() => Promise<void>)[] = [];
  try {
    const rig = await startRig();
    closing.push(rig.close);
    const postgresql = await startPostgresql({ products: all, quantity, buyers });
    closing.push(postgresql.stop);
    const keepers = await startStockKeepers({ rig, products: all, quantity });
    closing.push(keepers.close);
    const ours: Bought[] = [];
    const batches: number[] = [];
    const theirs = { on: [] as Bought[], off: [] as Bought[] };
    let ourUnits = 0;
    let theirUnits = 0;
    // The first turn is not counted: the code of both is not compiled yet.
    for (let turn = -1; turn < turns; turn++) {
      const commitsBefore = await keepers.commits();
      const held = await buyFor({
        buyers,
        ms: turnMs,
        buy: (buyer) => keepers.take(buyer, any()),
        serverCpu: () => cpuSecondsOf([rig.pids.nats ?? 0]),
      });
      ourUnits += held.units;
      if (turn >= 0) {
        ours.push(held);
        batches.push(held.units / ((await keepers.commits()) - commitsBefore));
      }
      for (const value of ["on", "off"] as const) {
        await postgresql.synchronousCommit(value);
        const updated = await buyFor({
          buyers,
          ms: turnMs,
          buy: (buyer) => postgresql.take(buyer, any()),
          serverCpu: postgresql.cpuSeconds,
        });
        theirUnits += updated.units;
        if (turn >= 0) theirs[value].push(updated);
      }
    }
    assertTaken("the log of stock", await keepers.taken(), ourUnits);
    assertTaken("PostgreSQL", await postgresql.taken(), theirUnits);
    return { keepers: ours, batches, postgresql: theirs, version: postgresql.version };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function assertTaken(where: string, taken: number, answered: number): void {
  if (taken !== answered) throw new Error(`${where} has ${taken} units taken, and ${answered} were told so`);
}

/** One beside each way of committing. At least `wanted` times the faster one, where anything is wanted. */
export function stockRows(name: string, measured: StockMeasured, wanted: number | undefined): readonly Row[] {
  const { keepers, batches, postgresql, version } = measured;
  const rate = (side: readonly Bought[]) => median(side.map(({ perSecond }) => perSecond));
  const faster = rate(postgresql.on) > rate(postgresql.off) ? "on" : "off";
  return (["off", "on"] as const).map((value) => {
    const yardstick = postgresql[value];
    return {
      name,
      ours: figures(keepers, "reservations"),
      yardstick: `${figures(yardstick, "updates")} (PostgreSQL ${version}, synchronous_commit ${value})`,
      ratio: (rate(keepers) / rate(yardstick)).toFixed(2),
      wanted: wanted === undefined || value !== faster ? "reported" : `at least ${wanted.toFixed(2)}`,
      note: `${median(batches).toFixed(0)} reservations an event; CPU of a reservation: ${cpuText(keepers, "nats-server")}; of an update: ${cpuText(yardstick, "PostgreSQL")}`,
    };
  });
}

function figures(side: readonly Bought[], what: string): string {
  const of = (pick: (bought: Bought) => number) => median(side.map(pick));
  const perSecond = Math.round(of((bought) => bought.perSecond)).toLocaleString("en");
  return `${perSecond} ${what}/s, p50 ${of(({ p50 }) => p50).toFixed(2)} ms, p99 ${of(({ p99 }) => p99).toFixed(2)} ms`;
}

/** In all turns, and for each unit. */
function cpuText(side: readonly Bought[], server: string): string {
  const sum = (pick: (bought: Bought) => number) => side.reduce((all, bought) => all + pick(bought), 0);
  const units = sum((bought) => bought.units);
  const text = (seconds: number) =>
    `${((1_000_000 * seconds) / units).toFixed(0)} µs (${seconds.toFixed(1)} s)`;
  return `this process ${text(sum(({ ownCpu }) => ownCpu))}, ${server} ${text(sum(({ serverCpu }) => serverCpu))}`;
}
