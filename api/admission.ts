import { createInFlightLimit } from "./in-flight-limit.ts";
import { limits } from "./limits.ts";

/**
 * Who is served, who waits and who is refused, so that a process with ten times the work it can do still does all that
 * it can, in good time, for those whom it serves.
 *
 * Up to a limit requests are under way; the others wait in a room, which costs next to nothing, and who has waited for
 * `patienceMs` is refused. So a burst, a process that stands still for a moment or a tier that is given up for another
 * one makes requests wait and refuses none. While the room is never empty there is more to do than can be done: the
 * newest is served first then, since the oldest would get its answer too late anyhow (adaptive LIFO: B. Maurer, "Fail
 * at Scale", ACM Queue 13(8), 2015).
 *
 * To be told "no" takes a fraction of what an answer takes, and most clients then ask again at once. So the rate of
 * refusals is limited as well: who waits longer for one asks nothing else on that connection meanwhile.
 */
export interface Admission {
  /**
   * Calls `start` or `refuse`, at once or later, and never both. To be told by the function returned that the answer
   * has left or the client is gone.
   */
  enter(visitor: Visitor): () => void;
  /** Refuses those who waited too long; to be called every `limits.roomTickMs` while somebody waits. */
  tick(): void;
  readonly counters: Readonly<AdmissionCounters>;
}

export interface Visitor {
  /** How long it had waited before it came here, in milliseconds. */
  readonly waitedMs: number;
  /** Whether its answer, once started, waits for nothing but this process and the tiers. */
  readonly telling: boolean;
  readonly start: () => void;
  readonly refuse: () => void;
}

export interface AdmissionCounters {
  admitted: number;
  refused: number;
  /** Clients that went away while they waited. */
  abandoned: number;
  /** How many requests may be under way now. */
  readonly limit: number;
  inFlight: number;
  waiting: number;
}

interface Visit {
  readonly visitor: Visitor;
  /** When it came here; from then on, when it was started. */
  since: number;
  state: "waiting" | "started" | "gone";
}

export interface AdmissionOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Calls back once everything that this turn of the event loop has read is handled. */
  readonly afterTurn: (done: () => void) => void;
}

export function createAdmission({ now, afterTurn }: AdmissionOptions): Admission {
  const limit = createInFlightLimit(now);
  const counters: AdmissionCounters = {
    admitted: 0,
    refused: 0,
    abandoned: 0,
    get limit() {
      return limit.value;
    },
    inFlight: 0,
    waiting: 0,
  };
  /** By age, from `oldest` on; who is gone is still among them. */
  let room: Visit[] = [];
  let oldest = 0;
  let occupiedSince = 0;
  let admitsAfterTurn = false;

  function start(visit: Visit): void {
    visit.state = "started";
    visit.since = now();
    counters.inFlight++;
    counters.admitted++;
    visit.visitor.start();
  }

  function wait(visit: Visit): void {
    if (counters.waiting === limits.roomMax) refuseOldest();
    if (counters.waiting === 0) occupiedSince = visit.since;
    counters.waiting++;
    limit.reached();
    room.push(visit);
  }

  /**
   * Those who wait are not started where a place becomes free. The loop reads on from a tier's connection while there
   * is something to read: started there, one after the other would be answered in the same turn, and nobody who has
   * just arrived would be seen before it ends.
   */
  function admitSoon(): void {
    if (counters.waiting === 0 || admitsAfterTurn) return;
    admitsAfterTurn = true;
    afterTurn(() => {
      admitsAfterTurn = false;
      admitWaiting();
    });
  }

  function admitWaiting(): void {
    const isStanding = now() - occupiedSince >= limits.roomStandingMs;
    while (counters.inFlight < limit.value && counters.waiting > 0) {
      const visit = isStanding ? room.pop() : room[oldest++];
      if (visit?.state !== "waiting") continue;
      counters.waiting--;
      start(visit);
    }
    tidy();
  }

  function refuseOldest(): void {
    const visit = oldestWaiting();
    if (visit === undefined) return;
    counters.waiting--;
    counters.refused++;
    visit.state = "gone";
    visit.visitor.refuse();
  }

  function oldestWaiting(): Visit | undefined {
    while (oldest < room.length && room[oldest]?.state !== "waiting") oldest++;
    return room[oldest];
  }

  /** Frees what lies before the oldest once that is the greater part, so that each is moved a few times at most. */
  function tidy(): void {
    if (counters.waiting === 0 && room.length > 0) room = [];
    else if (2 * oldest > room.length) room = room.slice(oldest);
    else return;
    oldest = 0;
  }

  function leave(visit: Visit): void {
    const { visitor, since, state } = visit;
    visit.state = "gone";
    if (state === "waiting") {
      counters.waiting--;
      counters.abandoned++;
    } else if (state === "started") {
      counters.inFlight--;
      limit.answered(since, visitor.telling ? visitor.waitedMs + now() - since : undefined);
    }
    limit.adjust(counters.inFlight, counters.waiting);
    admitSoon();
  }

  return {
    counters,
    enter(visitor) {
      limit.adjust(counters.inFlight, counters.waiting);
      limit.arrived(visitor.waitedMs);
      const visit: Visit = { visitor, since: now(), state: "waiting" };
      if (counters.waiting === 0 && counters.inFlight < limit.value) start(visit);
      else wait(visit);
      return () => leave(visit);
    },
    tick() {
      limit.adjust(counters.inFlight, counters.waiting);
      admitWaiting();
      const cameBefore = now() - limits.patienceMs;
      for (let refused = 0; refused < limits.refusalsPerTickMax; refused++) {
        const visit = oldestWaiting();
        if (visit === undefined || visit.since > cameBefore) break;
        refuseOldest();
      }
    },
  };
}
