import { type CallersWord, decodeCallersWord } from "../../actors/hot/callers-word.ts";
import type { HeatWord } from "../../actors/hot/heat-word.ts";
import { encodeHeatWord } from "../../actors/hot/heat-word.ts";
import type { Due, HotLoaded } from "../../actors/hot/hot-loads.ts";
import { createHotOwner } from "../../actors/hot/hot-owner.ts";
import { readHotReports } from "../../actors/hot/hot-report.ts";
import type { HotState } from "../../actors/hot/hot-state.ts";
import { readHotStream } from "../../actors/hot/hot-stream.ts";
import { decodeHotWord, encodeHeldWord } from "../../actors/hot/hot-word.ts";
import {
  commandSubject,
  decodeTransition,
  encodeCommand,
  isTransitionSubject,
} from "../../actors/hot/transitions.ts";
import { type Supervisor, supervise } from "../../actors/supervisor.ts";
import { type Aspects, aspects } from "../../projections/aspects.ts";
import { dropName, encodeChange } from "../../projections/changes.ts";
import { versionsOf } from "../../projections/version.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { limits } from "../../streams/limits.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { changesSubject, hotPerSubject } from "../../streams/topology.ts";
import { id } from "../streams/id.ts";
import { readTail } from "../streams/reading.ts";

/** All that an owner of hot products stands on, in memory and in simulated time; and API workers, as far as it sees them. */

const epoch = 1_000;
const wordEveryMs = 50;
const loadTakesMs = 3;
const heldTakesMs = 2;

export interface Worker {
  /** Reads a second, by product. */
  read(products: Readonly<Record<string, number>>): void;
  /** What it holds of what was pushed: by product, the value and until when. */
  readonly holds: Map<string, { readonly value: string; readonly untilMs: number; readonly at: number }>;
  /** It says nothing any more. */
  die(): void;
  /** It hears what is pushed, and does not answer. */
  confirms: boolean;
}

export type World = ReturnType<typeof createWorld>;

export function createWorld({ hotMax = 100 }: { readonly hotMax?: number } = {}) {
  const now = () => Date.now();
  const catalog = createMemoryLog({ stream: "CATALOG", now, epoch });
  const hot = createMemoryLog({ stream: "HOT", now, epoch, perSubject: hotPerSubject });
  const overheard = createMemoryLog({ stream: "CHANGES", now, epoch });
  const leases = createMemoryLeases(limits.leaseTtlMs, now);
  const [heat, held, changes, pushed, callers] = [
    createMemoryBroadcast(),
    createMemoryBroadcast(),
    createMemoryBroadcast(),
    createMemoryBroadcast(),
    createMemoryBroadcast(),
  ];
  changes.listen({ missed: () => {}, hear: (bytes) => void overheard.append(changesSubject, bytes) });
  const told: CallersWord[] = [];
  callers.listen({
    missed: () => {},
    hear: (bytes) => told.push(...[decodeCallersWord(bytes) ?? []].flat()),
  });
  const alerts: string[] = [];
  const journal = {
    debug: () => {},
    info: (_: object, message: string) => void alerts.push(message),
    warn: () => {},
    error: (_: object, message: string) => void alerts.push(message),
  };
  const loads: Identifier[] = [];
  /** Of each load, the position that it was to include. */
  const dues: number[] = [];
  const failing = { is: false };
  /** By so much each value is larger than it need be. */
  const weight = { bytes: 0 };
  /** The version of each product there is. */
  const products = new Map<string, number>();
  const values = {
    async load(product: Identifier, due: Due): Promise<HotLoaded | undefined> {
      loads.push(product);
      dues.push(due(product));
      await new Promise((resolve) => setTimeout(resolve, loadTakesMs));
      if (failing.is) throw new Error("no tier answers");
      const sequence = products.get(product);
      const more = " ".repeat(weight.bytes);
      return sequence === undefined ? undefined : { value: `{"version":${sequence}}${more}`, sequence };
    },
  };
  const running: Supervisor[] = [];
  const workers: Worker[] = [];
  const beating: NodeJS.Timeout[] = [];
  let words = 0;
  let names = 0;

  function addWorker(by: string): Worker {
    let reads: HeatWord["products"] = [];
    let count = 0;
    let isDead = false;
    const say = () => {
      if (isDead) return;
      const word = { by, count: ++count, holds: true, products: reads, callers: reads, endpoints: [] };
      heat.publish(encodeHeatWord(word));
    };
    const worker: Worker = {
      holds: new Map(),
      confirms: true,
      read(wanted) {
        reads = Object.entries(wanted).map(([key, perSecond]) => ({ key, perSecond }));
      },
      die() {
        isDead = true;
      },
    };
    pushed.listen({
      missed: () => {},
      hear(bytes) {
        const word = decodeHotWord(bytes);
        if (word === undefined || isDead) return;
        if (word.kind === "cool") {
          worker.holds.delete(word.id);
          return;
        }
        worker.holds.set(word.id, { value: word.value, untilMs: word.untilMs, at: now() });
        if (worker.confirms)
          setTimeout(() => held.publish(encodeHeldWord({ by, held: [word.push] })), heldTakesMs);
      },
    });
    workers.push(worker);
    beating.push(setInterval(say, wordEveryMs));
    return worker;
  }

  return {
    hot,
    workers,
    addWorker,
    alerts,
    /** Who asked most, as it was told. */
    told,
    loads,
    dues,
    failing,
    weight,
    products,
    start(log: Log = hot, holding = leases, clock = () => performance.now()): Supervisor {
      const options = { values, hot: log, catalog, versions: versionsOf(epoch), leases: holding };
      const actor = supervise(
        "hot",
        () =>
          createHotOwner({
            ...options,
            heat,
            held,
            changes,
            overheard,
            pushed,
            callers,
            hotMax,
            warmBeforeMs: 300_000,
            about: () => "owner",
            newId: () => `name-${++names}`,
            now,
            clock,
            journal,
          }),
        { journal, now: clock },
      );
      running.push(actor);
      return actor;
    },
    /** A product is written, and its change told. */
    write(product: string, { isDrop = false, touched = aspects.price as Aspects } = {}): void {
      const version = (products.get(product) ?? 0) + 1;
      products.set(product, version);
      const to = versionsOf(epoch)(version);
      changes.publish(
        encodeChange({
          by: "projector",
          count: ++words,
          moves: [{ partition: partitionOf(tokenOf(id(product))), from: undefined, to, headAt: now() }],
          products: new Map([[id(product), touched]]),
          names: isDrop ? [dropName(id(product))] : [],
        }),
      );
    },
    /** Nobody hears this word about changes. */
    loseWord: () => void words++,
    command: (command: "add" | "remove", product: string) =>
      hot.append(commandSubject(id(product)), encodeCommand({ command, at: now() })),
    schedule(sale: string, startsInMs: number, endsInMs: number, sold: readonly string[]) {
      const payload = {
        starts_at: new Date(now() + startsInMs).toISOString(),
        ends_at: new Date(now() + endsInMs).toISOString(),
        items: sold.map((product_id) => ({ product_id, sale_price: { amount: 100, currency: "EUR" } })),
      };
      return catalog.append(publicSubject("sale.scheduled", id(sale)), Buffer.from(JSON.stringify(payload)));
    },
    cancel: (sale: string) => catalog.append(publicSubject("sale.cancelled", id(sale)), Buffer.from("{}")),
    async state(product: string): Promise<HotState | undefined> {
      return (await readHotStream(hot, () => {})).products.get(id(product))?.state;
    },
    reports: () => readHotReports(hot, now()),
    /** Each transition of the product, as `before > after`. */
    async transitions(product: string): Promise<readonly string[]> {
      const { messages } = await hot.bounds();
      const all = messages === 0 ? [] : await readTail(hot, { from: 1 }, messages);
      return all.flatMap(({ subject, payload }) => {
        const transition = isTransitionSubject(subject) ? decodeTransition(payload) : undefined;
        if (transition?.after.product !== product || transition.before === transition.after.value) return [];
        return [`${transition.before} > ${transition.after.value}`];
      });
    },
    async stop(): Promise<void> {
      for (const timer of beating) clearInterval(timer);
      await Promise.all(running.map((actor) => actor.stop()));
    },
  };
}
