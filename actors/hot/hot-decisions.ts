import { allAspects, type Aspects } from "../../projections/aspects.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createChangePacing } from "./change-pacing.ts";
import { createHotActors, type Decided, type HotActors, type Moment } from "./hot-actors.ts";
import type { HotInput } from "./hot-input.ts";
import { changesMode } from "./hot-machine.ts";
import type { LateDrop } from "./late-drops.ts";
import { type Claim, createHotSet, type HotSet, type Verdict } from "./hot-set.ts";
import { dropMs, type HotEvent, type HotState, isForgettable, reasonsAt } from "./hot-state.ts";
import type { HotFold, PlacedCommand } from "./hot-stream.ts";
import { createJobs, type Job } from "./jobs.ts";
import { createSaleCalendar, type DueSale } from "./sale-calendar.ts";
import { createSaleWishes } from "./sale-wishes.ts";
import { createWriteRates } from "./write-rates.ts";

/**
 * All that the owner of hot products decides, without doing any of it: what it hears goes in, one thing after the other,
 * and transitions and what is to be done come out. The same inputs at the same moments give the same outputs, byte by
 * byte, so a recorded day can be played again.
 *
 * No input takes long: what concerns many products, as the beginning of a sale does, waits in a queue of its own, and each
 * input of time decides a few of them. So do deadlines.
 */
export interface HotDecisions {
  /** Behind each batch of inputs, and whenever `waitMs` is over, time is to be an input. Costs some 10 ms at most. */
  take(input: HotInput, moment: Moment): Decided;
  /** For how long nothing is due from that moment on; 0 where something is. */
  waitMs(moment: Moment): number;
  /** How a product stands; undefined for one that is as cold as any other. */
  state(id: Identifier): HotState | undefined;
  /** The keenest first, by the monotonic clock. */
  readonly callers: HotSet["callers"];
  readonly endpoints: HotSet["endpoints"];
}

/** Of what is queued, of deadlines, and of changes so many are decided at a time: each takes 100 to 200 µs. */
const sliceMax = 16;
const rateEveryMs = 1_000;
/** A wall's clock that goes back by less is only being set right. */
const stepMs = 5_000;

export interface HotDecisionsOptions {
  /** Products that may be hot at once. */
  readonly hotMax: number;
  /** How long before a sale its products become warm. */
  readonly warmBeforeMs: number;
}

export function createHotDecisions({ hotMax, warmBeforeMs }: HotDecisionsOptions): HotDecisions {
  const set = createHotSet({ hotMax });
  const calendar = createSaleCalendar({ warmBeforeMs });
  const wishes = createSaleWishes();
  const writes = createWriteRates();
  const pacing = createChangePacing();
  /** The moment of the input. */
  let at = Number.NEGATIVE_INFINITY;
  let clock = 0;
  let commandsTo = 0;
  let rateAt = Number.NEGATIVE_INFINITY;
  /** What concerns many products, a decision a step. In its order, so that no sale is cancelled before it was planned. */
  const jobs = createJobs();
  let isSweeping = false;
  const actors: HotActors = createHotActors({
    holders: () => set.holders(clock),
    clock: () => clock,
    commandsTo: () => commandsTo,
    forgotten(id) {
      writes.forget(id);
      pacing.forget(id);
    },
  });

  function claimOf(id: Identifier): Claim | undefined {
    if (wishes.has(id)) return "kept";
    const state = actors.state(id);
    const reasons = state === undefined ? [] : reasonsAt(state, at);
    if (reasons.includes("operator") || reasons.includes("sale")) return "kept";
    return reasons.includes("drop") ? "drop" : undefined;
  }

  /** What each product is hot for now is told to the set once all that comes with it has happened. */
  function settle(): void {
    for (const id of actors.fed()) {
      const state = actors.state(id);
      if (state === undefined) {
        set.forget(id);
        continue;
      }
      if (isForgettable(state)) {
        if (!state.hasRoom) for (const sale of state.sales) wishes.add(id, sale);
        actors.forget(id);
      }
      set.claim(id, claimOf(id));
    }
  }

  function* feedAll(ids: readonly Identifier[], type: "resumed" | "changed"): Job {
    for (const id of ids) {
      if (actors.state(id) === undefined) continue;
      if (type === "resumed") actors.feed(id, { type, at });
      else change(id, allAspects);
      yield;
    }
  }

  function* sweep(): Job {
    yield* feedAll([...actors.states().keys()], "changed");
    isSweeping = false;
  }

  /** There is room for it: what waited for that happens. */
  function grant(id: Identifier): void {
    for (const sale of wishes.take(id)) actors.feed(id, { type: "sale-planned", at, ...sale });
  }

  function* tell(verdicts: readonly Verdict[]): Job {
    for (const { type, id } of verdicts) {
      if (type === "forgotten") wishes.take(id);
      else if (type === "heated") actors.feed(id, { type, at });
      else actors.feedKnown(id, { type, at });
      if (type === "heated" || type === "admitted") grant(id);
      yield;
    }
  }

  /** Whether there is room is known before the reason is, so that nothing is loaded in vain. */
  function* claim(id: Identifier, as: Claim): Job {
    set.claim(id, as);
    yield* tell(set.judge(clock, "pressing"));
  }

  function* plan({ products, isOver }: DueSale): Job {
    for (const { product, ...sale } of products) {
      if (isOver) wishes.cancel(product, sale.sale);
      else wishes.add(product, sale);
      set.claim(product, claimOf(product));
    }
    if (isOver) return;
    yield* tell(set.judge(clock, "pressing"));
    for (const { product } of products) {
      if (!set.hasRoom(product) || !wishes.has(product)) continue;
      grant(product);
      yield;
    }
  }

  function* cancel(ids: readonly Identifier[], sale: Identifier): Job {
    for (const id of ids) {
      wishes.cancel(id, sale);
      const isKnown = actors.state(id) !== undefined;
      if (isKnown) actors.feed(id, { type: "sale-cancelled", at, sale });
      else set.claim(id, claimOf(id));
      if (isKnown) yield;
    }
  }

  /** A price that fell where there is no room is left to heat. */
  function* drop(drops: readonly (Pick<LateDrop, "id"> & Partial<LateDrop>)[]): Job {
    for (const { id, since } of drops) {
      if (since !== undefined && at >= since + dropMs) continue;
      if (claimOf(id) === undefined) yield* claim(id, "drop");
      if (set.hasRoom(id))
        actors.feed(id, { type: "price-dropped", at, ...(since !== undefined && { since }) });
      else set.claim(id, claimOf(id));
      yield;
    }
  }

  function* obey({ command, product, sequence }: PlacedCommand): Job {
    if (command === "remove") {
      actors.feed(product, { type: "operator-removed", at, command: sequence });
    } else {
      yield* claim(product, "kept");
      // What an operator wants is remembered, with room or without.
      if (!set.hasRoom(product)) actors.feed(product, { type: "evicted", at });
      actors.feed(product, { type: "operator-added", at, command: sequence });
    }
    commandsTo = Math.max(commandsTo, sequence);
    yield;
  }

  function* resume({ products: left, commands, last }: HotFold): Job {
    for (const one of commands)
      if (one.sequence > (left.get(one.product)?.state.command ?? 0)) yield* obey(one);
    commandsTo = Math.max(commandsTo, last);
    yield* feedAll([...left.keys()], "resumed");
  }

  function restore({ products: left }: HotFold): void {
    for (const [id, { state }] of left) {
      if (isForgettable(state)) continue;
      actors.restore(state);
      set.restore(id, { isHeated: state.heat, hasRoom: state.hasRoom });
      set.claim(id, claimOf(id));
    }
  }

  function change(id: Identifier, touched: Aspects): void {
    if (actors.state(id) === undefined) return;
    writes.count(id);
    if (pacing.hear(id, touched, clock)) actors.feed(id, { type: "changed", at });
  }

  function* switchModes(events: readonly (readonly [Identifier, HotEvent])[]): Job {
    for (const [id, event] of events) {
      actors.feedKnown(id, event);
      yield;
    }
  }

  function measure(): void {
    if (clock < rateAt + rateEveryMs) return;
    rateAt = clock;
    const events: [Identifier, HotEvent][] = [];
    for (const [id, state] of actors.states()) {
      const perSecond = writes.endSecond(id);
      const reads = set.perSecond(id);
      if (state.value.startsWith("hot.") && changesMode(state, { reads, writes: perSecond, at }))
        events.push([id, { type: "rate", at, reads, writes: perSecond }]);
    }
    if (events.length > 0) jobs.push(switchModes(events));
  }

  function pass(): void {
    for (const id of actors.due(at, sliceMax)) {
      // Who has not answered by now is not waited for: how many did is known from here on.
      actors.feedHeld(id, at);
      actors.feedKnown(id, { type: "time", at });
    }
    for (const id of pacing.due(clock, sliceMax)) actors.feedKnown(id, { type: "changed", at });
    actors.keep({ at, clock }, sliceMax);
    measure();
    settle();
    const due = calendar.due(at);
    if (due !== undefined) jobs.push(plan(due));
    const verdicts = set.judge(clock);
    if (verdicts.length > 0) jobs.push(tell(verdicts));
  }

  function apply(input: HotInput): void {
    switch (input.kind) {
      case "fold":
        restore(input.fold);
        jobs.push(resume(input.fold));
        return;
      case "heat":
        return set.hear(input.word, clock);
      case "held":
        return actors.hear(input.word.by, input.word.held, at);
      case "change":
        for (const [id, touched] of input.products ?? []) change(id, touched);
        if (input.products === undefined && !isSweeping) {
          isSweeping = true;
          jobs.push(sweep());
        }
        if (input.drops.length > 0) jobs.push(drop(input.drops.map((id) => ({ id }))));
        return;
      case "sale": {
        const gone = calendar.hear(input.event, at);
        if (gone.length > 0) jobs.push(cancel(gone, input.event.id));
        return;
      }
      case "late drops":
        return jobs.push(drop(input.drops));
      case "command":
        return jobs.push(obey(input.command));
      case "loaded": {
        const { id, sequence, isLarge } = input;
        const event =
          sequence === undefined
            ? { type: "absent" as const }
            : { type: "loaded" as const, sequence, isLarge };
        return actors.feedKnown(id, { ...event, at });
      }
      case "load failed":
        return actors.feedKnown(input.id, { type: "load-failed", at });
      case "time":
        return pass();
    }
  }

  return {
    take(input, moment) {
      if (moment.at < at - stepMs) jobs.push(feedAll([...actors.states().keys()], "resumed"));
      ({ at, clock } = moment);
      apply(input);
      if (input.kind === "time") jobs.work(sliceMax);
      settle();
      return actors.decided();
    },
    waitMs(moment) {
      if (!jobs.isEmpty) return 0;
      const deadline = Math.min(actors.next() ?? Infinity, calendar.next() ?? Infinity) - moment.at;
      return Math.max(0, Math.min(deadline, (pacing.next() ?? Infinity) - moment.clock));
    },
    state: actors.state,
    callers: set.callers,
    endpoints: set.endpoints,
  };
}
