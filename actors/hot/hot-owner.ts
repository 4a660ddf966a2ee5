import { isBad, decodeEvent } from "../../streams/events.ts";
import type { Versions } from "../../projections/version.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Leases } from "../../streams/lease.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import { createBell } from "../bell.ts";
import { type Pause, pause as realPause } from "../pause.ts";
import { whileHolding } from "../sole-holder.ts";
import type { Actor } from "../supervisor.ts";
import { encodeCallersWord } from "./callers-word.ts";
import type { HotTodo } from "./hot-actors.ts";
import { createHotDecisions } from "./hot-decisions.ts";
import { openHotEar } from "./hot-ear.ts";
import { createHotInbox } from "./hot-inbox.ts";
import type { HotInput } from "./hot-input.ts";
import { createHotLoads, type HotLoaded, type HotValues } from "./hot-loads.ts";
import { placedCommand, readHotStream } from "./hot-stream.ts";
import { encodeHotWord } from "./hot-word.ts";
import { readLateDrops } from "./late-drops.ts";
import { createTransitionWriter } from "./transition-writer.ts";
import { commandSubjects } from "./transitions.ts";

/**
 * The owner of hot products, one in the cluster by a lease: hears what is read and what has changed, decides who is hot,
 * loads those and pushes their values to every API worker. What it decides is written to the HOT stream, from which the
 * next owner goes on. Nothing of it stands in the path of a request, and two owners for a while only push twice.
 */
export interface HotOwnerOptions {
  readonly values: HotValues;
  /** The stream HOT. */
  readonly hot: Log;
  /** The catalogue's log, for the sales in it. */
  readonly catalog: Log;
  readonly versions: Versions;
  readonly leases: Leases;
  readonly heat: Broadcast;
  readonly held: Broadcast;
  readonly changes: Broadcast;
  /** The stream CHANGES, which overhears them. */
  readonly overheard: Log;
  /** Where values are pushed to. */
  readonly pushed: Broadcast;
  /** Where is told who asks most. */
  readonly callers: Broadcast;
  /** Products that may be hot at once. */
  readonly hotMax: number;
  /** How long before a sale its products become warm. */
  readonly warmBeforeMs: number;
  /** What its lease says of it. */
  readonly about: () => string;
  /** Names what it writes: no name is given twice, by any owner. */
  readonly newId: () => string;
  /** Milliseconds since 1970: deadlines outlive the process. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly pause?: Pause;
  readonly journal: Journal;
}

/** The lease of the one owner. */
export const hotKey = "hot";

/** So often who asks most is told. */
const callersEveryMs = 250;
/** Heat is looked at so often where nobody says anything, since silence cools. */
const lookMs = 250;
/** A worker whose readers want what is hot says something twice meanwhile. */
const gatherMs = 100;
/** So long it decides without a turn of the loop for others: where it is one of many roles, projectors share the loop. */
const sliceMs = 10;
/** A larger value is pushed to nobody: a message has room for a fifth more, and each worker would hold it twice. */
const pushedBytesMax = 900_000;
const batchMax = 512;
const takeMs = 250;
/** Who reads a log waits so long for what it has read to be decided. */
const roomMs = 10;

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

export function createHotOwner(options: HotOwnerOptions): Actor {
  const { hot, catalog, leases, pushed, callers, about, newId, now, clock, journal } = options;
  const { pause = realPause } = options;
  let aliveAt = clock();
  const alive = () => {
    aliveAt = clock();
  };

  async function work(signal: AbortSignal): Promise<void> {
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    const bell = createBell(pause);
    const inbox = createHotInbox();
    const hear = (input: HotInput) => {
      inbox.put(input);
      bell.ring();
    };
    // Before anything is read, so that nothing is missed between.
    const ear = openHotEar({ ...options, heard: hear });
    try {
      const fold = await readHotStream(hot, alive);
      const decisions = createHotDecisions(options);
      const standing = [...fold.products].flatMap(([id, { state, sequence }]) =>
        state.value === "cold" ? [] : [[id, sequence] as const],
      );
      const writer = createTransitionWriter(hot, standing, { newId, signal: either });
      const held = new Map<Identifier, HotLoaded>();
      const loads = createHotLoads({
        values: options.values,
        due: ear.reached,
        signal: either,
        pause,
        loaded(id, loaded) {
          const isLarge = loaded !== undefined && Buffer.byteLength(loaded.value) > pushedBytesMax;
          if (isLarge) held.delete(id);
          // A tier that is behind may have answered.
          else if (loaded !== undefined && loaded.sequence >= (held.get(id)?.sequence ?? 0))
            held.set(id, loaded);
          hear({ kind: "loaded", id, sequence: loaded?.sequence, isLarge });
        },
        failed(id, error) {
          journal.debug({ product: id, err: error }, "a hot product could not be loaded");
          hear({ kind: "load failed", id });
        },
      });

      function act(todo: HotTodo): void {
        const { id } = todo;
        switch (todo.kind) {
          case "load":
            return loads.start(id);
          case "push": {
            const value = held.get(id)?.value;
            const { push, untilMs, changesArePushed } = todo;
            if (value !== undefined)
              pushed.publish(encodeHotWord({ kind: "value", id, push, untilMs, changesArePushed, value }));
            return;
          }
          case "cool":
            return pushed.publish(encodeHotWord({ kind: "cool", id }));
          case "alert":
            return journal.error(
              { product: id, failures: todo.failures },
              "a hot product cannot be refreshed: its last value is served until it can; see that the log and Redis answer",
            );
          case "calm":
            return journal.info({ product: id }, "the hot product is refreshed again, or hot no more");
          case "warn":
            return journal.error(
              { product: id, bytesMax: pushedBytesMax },
              "a hot product is too large to be pushed: each node loads it by itself; see what makes its page so large",
            );
          case "failed":
            return journal.error({ product: id, err: todo.error }, "a hot product failed, and begins anew");
          case "forget":
            held.delete(id);
        }
      }

      function decide(input: HotInput): void {
        const { transitions, todo } = decisions.take(input, { at: now(), clock: clock() });
        for (const transition of transitions) writer.write(transition);
        for (const one of todo) act(one);
      }

      async function decideAll(): Promise<void> {
        let toldAt = clock();
        // What the owner before left is pushed to those who are there.
        if (fold.products.size > 0) await pause(gatherMs, either);
        decide({ kind: "fold", fold });
        while (!either.aborted) {
          alive();
          const until = clock() + sliceMs;
          for (let next = inbox.take(); next !== undefined; next = clock() < until ? inbox.take() : undefined)
            decide(next);
          decide({ kind: "time" });
          if (clock() >= toldAt + callersEveryMs) {
            toldAt = clock();
            const word = { callers: decisions.callers(toldAt), endpoints: decisions.endpoints(toldAt) };
            callers.publish(encodeCallersWord(word));
          }
          const waitMs = inbox.isEmpty ? decisions.waitMs({ at: now(), clock: clock() }) : 0;
          if (waitMs > 0) await bell.wait(Math.min(waitMs, lookMs), either);
          else await nextTurn();
        }
      }

      async function follow(
        log: Log,
        from: number,
        subject: string,
        take: (message: StoredMessage) => void,
      ): Promise<void> {
        const tail = log.tail({ from, subject });
        try {
          while (!either.aborted) {
            const { messages } = await tail.take(batchMax, takeMs);
            for (const message of messages) take(message);
            while (!inbox.hasRoom && !either.aborted) await pause(roomMs, either);
          }
        } finally {
          await tail.close();
        }
      }

      const commands = follow(hot, fold.last + 1, commandSubjects, (message) => {
        for (const command of placedCommand(message)) hear({ kind: "command", command });
      });
      const sales = follow(catalog, 1, "log.catalog.*.sale.>", (message) => {
        const event = decodeEvent(message);
        if (!isBad(event) && (event.kind === "sale.scheduled" || event.kind === "sale.cancelled"))
          hear({ kind: "sale", event });
      });
      const drops = readLateDrops({
        ...options,
        signal: either,
        heard: (late) => hear({ kind: "late drops", drops: late }),
      });
      const parts = [decideAll(), commands, sales, drops];
      try {
        await Promise.race([Promise.all(parts), writer.failed]);
      } finally {
        ending.abort();
        await Promise.allSettled(parts);
        await writer.settled();
      }
    } finally {
      ear.close();
    }
  }

  return {
    aliveAt: () => aliveAt,
    async run(signal) {
      await whileHolding({ leases, key: hotKey, about, alive, clock, pause }, signal, async (held) => {
        journal.info({}, "hot products are looked after from here");
        await work(held);
      });
    },
  };
}
