import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Journal } from "../streams/journal.ts";
import { type Log, LogVanished, type Tail } from "../streams/log.ts";
import type { LogName } from "../streams/subjects.ts";
import { decodeBatch } from "./decode-batch.ts";
import { moveOf, type Owned, ownedAt, standingOf, takeRebuilt } from "./owned.ts";
import { createParking } from "./parking.ts";
import { claimPositions } from "./position-claim.ts";
import type { Projection, Refusal, Write } from "./projection.ts";
import { type PositionMove, PositionMoved, type ReadModel } from "./read-model.ts";
import { beginStride, type Stride } from "./stride.ts";
import { isSamePlace, type Versions } from "./version.ts";

/**
 * The projector: reads the log in order and drives a projection, for the partitions that it owns.
 *
 * One tail without a filter feeds all partitions, and what belongs to others is passed over: a server that
 * filters for sixteen consumers scans the log sixteen times (docs/decisions.md has the measurement), and so
 * every projector sees categories and sales in the one order that the log has.
 *
 * The position of a partition is a key among the read models, moved after the data it covers and only from
 * where its owner last saw it. Where it will not move, the store lost data (it is lower, or gone: read on
 * from there) or another owner went ahead (it is higher: read on from there as well). Killed
 * anywhere, the next owner resumes from the position and arrives at the same bytes.
 */
export interface ProjectorOptions {
  readonly name: LogName;
  readonly log: Log;
  readonly quarantine: Log;
  readonly readModel: ReadModel;
  readonly projection: Projection;
  readonly versions: Versions;
  /** The stream's creation: another one means another log. */
  readonly epoch: number;
  /** The partitions that are ours at this moment. */
  readonly owned: () => ReadonlySet<number>;
  readonly now: () => number;
  /** Waits that many milliseconds, by the same clock as `now`. */
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** A text of letters and digits that nobody had before: names the life of an emptied store. */
  readonly newId?: () => string;
  readonly journal: Journal;
}

export interface ProjectorHealth {
  /** The last sequence that was written; 0 before the first. */
  readonly position: number;
  /** The end of the log when it was last asked. */
  readonly head: number;
  readonly owned: number;
  readonly quarantined: number;
  /** When it last finished a step, by `now`: one that stands still is stuck. */
  readonly aliveAt: number;
}

export interface Projector {
  /** Runs until `signal` aborts; throws what it cannot heal, to be started again by its supervisor. */
  run(signal: AbortSignal): Promise<void>;
  health(): ProjectorHealth;
}

const batchMax = 4_096;
const idleMs = 250;
const heartbeatMs = 1_000;
const unsettledMax = 5_000;
const settleMs = 10_000;

const shortId = () => randomUUID().slice(0, 8);

export function createProjector(options: ProjectorOptions): Projector {
  const {
    name,
    log,
    readModel,
    projection,
    versions,
    epoch,
    owned,
    now,
    journal,
    sleep = delay,
    newId = shortId,
  } = options;
  const partitions = new Map<number, Owned>();
  const parking = createParking(options);
  let tail: Tail | undefined;
  /** What was taken from the tail and is not being written yet. */
  let stride: Stride | undefined;
  /** The stride that is being written; what it throws, the next one hears. */
  let writing: Promise<void> = Promise.resolve();
  let next = 1;
  let session = 0;
  let head = 0;
  let aliveAt = now();
  let settledAt = 0;
  let beatAt = 0;

  /** Takes up partitions that became ours, lets go of those that are not, and reads from the lowest one. */
  async function takeUp(): Promise<void> {
    const mine = owned();
    const same = mine.size === partitions.size && [...mine].every((partition) => partitions.has(partition));
    const linked = readModel.session() === session;
    if (same && linked && tail !== undefined) return;
    await writing;
    if (!linked) partitions.clear();
    for (const partition of partitions.keys()) if (!mine.has(partition)) partitions.delete(partition);
    const gained = [...mine].filter((partition) => !partitions.has(partition));
    if (gained.length === 0 && tail !== undefined) return;
    session = readModel.session();
    const found = await claimPositions(readModel, name, gained, versions, newId);
    for (const partition of gained) partitions.set(partition, ownedAt(found.get(partition), versions));
    await reopen();
  }

  async function reopen(): Promise<void> {
    await tail?.close();
    tail = undefined;
    if (partitions.size === 0) return;
    const lowest = Math.min(...[...partitions.values()].map(({ done }) => done));
    const settled = await projection.open([...partitions.keys()], lowest);
    for (const [partition, sequence] of settled) {
      const state = partitions.get(partition);
      if (state !== undefined) state.done = Math.min(state.done, sequence);
    }
    const from = Math.min(...[...partitions.values()].map(({ done }) => done));
    if (from < lowest) await projection.open([...partitions.keys()], from);
    next = from + 1;
    tail = log.tail({ from: next });
    journal.info({ log: name, from: next, partitions: partitions.size }, "projector reads on");
  }

  async function write({ write: apply, refused, last, headAt }: Stride): Promise<void> {
    const late = await applied(apply);
    const mine = [...refused, ...late].filter(({ partition }) => partitions.has(partition));
    const parked = mine.sort((a, b) => a.message.sequence - b.message.sequence);
    await Promise.all(parked.map((refusal) => parking.park(refusal)));
    const atHead = headAt !== undefined && projection.unsettled > 0;
    if (atHead || projection.unsettled > unsettledMax || now() - settledAt > settleMs) await settle(last);
    next = last + 1;
    await advance(last, headAt);
  }

  const standing = () => standingOf(partitions, session);

  /** Applies a batch; once more upon what stands now, where a rebuild went on meanwhile. */
  async function applied(apply: Write): Promise<readonly Refusal[]> {
    for (;;) {
      try {
        return await apply(standing());
      } catch (error) {
        if (!(error instanceof PositionMoved) || !(await isRebuilt())) throw error;
      }
    }
  }

  /** Whether all positions are where they were but for the revision; then they are taken as they are. */
  async function isRebuilt(): Promise<boolean> {
    if (readModel.session() !== session) return false;
    const positions = await readModel.positions(name, [...partitions.keys()]);
    if (!takeRebuilt(partitions, positions)) return false;
    await projection.open([...partitions.keys()], next - 1);
    return true;
  }

  const isSettlingDue = () => projection.unsettled > 0 || now() - settledAt > settleMs;

  async function settle(sequence: number): Promise<void> {
    // Marking how far all partitions are costs two requests for each of them: seldom is enough.
    const due = now() - settledAt > settleMs;
    await projection.settle(due ? [...partitions.keys()] : [], sequence);
    if (due) settledAt = now();
  }

  /**
   * Moves the positions to `sequence`. One that another owner moved ahead, or that went back, makes the tail start
   * again from there; one that a rebuild moved is moved again.
   */
  async function advance(sequence: number, headAt: number | undefined): Promise<void> {
    const moves: PositionMove[] = [];
    for (const [partition, state] of partitions) {
      state.done = Math.max(state.done, sequence);
      state.headAt = headAt ?? state.headAt;
      moves.push(moveOf(partition, state, sequence, versions, newId));
    }
    if (readModel.session() !== session) throw new PositionMoved("the link to the read models was lost");
    const stuck = await readModel.advance(name, moves);
    const ahead: number[] = [];
    const lost: number[] = [];
    let again = false;
    for (const { partition, from, to } of moves) {
      const state = partitions.get(partition);
      if (state === undefined) continue;
      const position = stuck.get(partition)?.version;
      const rebuilt = isSamePlace(position, from);
      if (rebuilt || !stuck.has(partition)) {
        state.standing = rebuilt ? position : to;
        state.found = state.standing;
        again ||= rebuilt;
        continue;
      }
      (position !== undefined && position > to ? ahead : lost).push(partition);
      partitions.delete(partition);
    }
    if (ahead.length > 0) journal.warn({ log: name, partitions: ahead }, "another owner is ahead");
    if (lost.length > 0) journal.warn({ log: name, partitions: lost }, "the read models lost data");
    if (ahead.length + lost.length > 0) {
      await tail?.close();
      tail = undefined;
    }
    if (!again) return;
    await projection.open([...partitions.keys()], sequence);
    await advance(sequence, headAt);
  }

  /** Once a second: is the log still the one we know, are we at its end, does the store still stand? */
  async function beatIfDue(): Promise<void> {
    const asked = now();
    if (asked - beatAt < heartbeatMs) return;
    beatAt = asked;
    const bounds = await log.bounds();
    if (bounds.epoch !== epoch) {
      throw new LogVanished(`the stream ${log.stream} is not the one that was opened: it was made anew`);
    }
    head = bounds.last;
    const atHead = next > head;
    if (atHead && isSettlingDue()) await settle(next - 1);
    if (partitions.size > 0) await advance(next - 1, atHead ? asked : undefined);
    await projection.tick(standing(), now());
  }

  async function step(): Promise<void> {
    await takeUp();
    aliveAt = now();
    if (tail === undefined) {
      await sleep(idleMs);
      return;
    }
    // What was taken from a tail that is no more does not follow what was written.
    if (stride?.from !== tail) stride = undefined;
    const from = tail;
    const { messages, pending } = await from.take(batchMax, idleMs);
    const takenAt = now();
    // Decoded and folded while the stride before it is being written.
    const batch = await decodeBatch(messages, (partition, sequence) => {
      const state = partitions.get(partition);
      return state !== undefined && sequence > state.done;
    });
    if (messages.length > 0) {
      stride ??= beginStride(from, projection, takenAt);
      stride.add(batch, messages, standing(), takenAt, pending === 0);
      if (pending >= batchMax && !stride.isFull) return;
    }
    await writing;
    if (stride === undefined) return beatIfDue();
    if (tail !== from) return;
    writing = write(stride).then(beatIfDue);
    writing.catch(() => {});
    stride = undefined;
  }

  /** Forgets the partitions, so that the next step reads again where they stand. */
  async function letGo(): Promise<void> {
    writing = Promise.resolve();
    partitions.clear();
    await tail?.close();
    tail = undefined;
  }

  return {
    async run(signal) {
      try {
        while (!signal.aborted) {
          try {
            await step();
          } catch (error) {
            if (!(error instanceof PositionMoved)) throw error;
            journal.warn(
              { log: name },
              "the read models are not where they were: reading again from where they stand",
            );
            await letGo();
          }
        }
      } finally {
        await writing.catch(() => {});
        await letGo();
      }
    },

    health: () => ({
      position: next - 1,
      head: Math.max(head, next - 1),
      owned: partitions.size,
      quarantined: parking.count(),
      aliveAt,
    }),
  };
}
