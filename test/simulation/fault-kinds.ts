import type { Random } from "../../ops/demo/random.ts";
import type { Effect, Fault, PlannedEvent, ServerName } from "./plan.ts";
import { products } from "./shop.ts";

/** Every kind of fault, each with its way of being drawn. */

export interface Setting {
  readonly projectors: readonly string[];
  readonly readers: readonly string[];
  readonly publishers: readonly string[];
  readonly events: readonly PlannedEvent[];
  readonly healAt: number;
}

export type Draw = (random: Random, setting: Setting, at: number) => Fault;

type Role = "projectors" | "readers" | "publishers";

const onCall =
  (roles: readonly Role[], servers: readonly ServerName[], effect: (random: Random) => Effect): Draw =>
  (random, setting, at) => ({
    kind: "call",
    at,
    process: random.pick(roles.flatMap((role) => setting[role])),
    server: random.pick(servers),
    // Far enough to reach every await between a batch and its position.
    skip: random.between(0, 14),
    effect: effect(random),
  });

const writers: readonly Role[] = ["projectors"];
const publishers: readonly Role[] = ["publishers"];
const readers: readonly Role[] = ["readers"];
const anyServer: readonly ServerName[] = ["redis", "redis", "redis", "log", "log", "leases"];

const downMs = (random: Random) => random.pick([1, 20, 300, 2_000]);
const timeoutMs = (random: Random) => random.pick([5, 50, 800]);
const slowMs = (random: Random) => random.pick([20, 200, 1_000]);
const lateMs = (random: Random) => random.pick([60, 300, 1_500, 4_000]);

const dies = (what: "die before" | "die after") => (random: Random) => ({ what, downMs: downMs(random) });
const diesBetween = (random: Random): Effect => ({
  what: "die between",
  downMs: downMs(random),
  commands: random.between(1, 3),
});
const loses = (what: "lose request" | "lose answer") => (random: Random) => ({
  what,
  timeoutMs: timeoutMs(random),
});
const landsLate = (random: Random): Effect => ({
  what: "land late",
  timeoutMs: timeoutMs(random),
  afterMs: lateMs(random),
});
const slow = (random: Random): Effect => ({ what: "slow", ms: slowMs(random) });
const twice = (): Effect => ({ what: "carry out twice" });

export const faultKinds: readonly Draw[] = [
  onCall(writers, anyServer, dies("die before")),
  onCall(writers, anyServer, dies("die after")),
  onCall(writers, ["redis"], diesBetween),
  onCall(writers, anyServer, loses("lose request")),
  onCall(writers, anyServer, loses("lose answer")),
  onCall(writers, ["redis", "redis", "log"], landsLate),
  onCall(writers, ["redis", "log"], twice),
  onCall(writers, anyServer, slow),
  onCall(publishers, ["log"], dies("die after")),
  onCall(publishers, ["log"], loses("lose request")),
  onCall(publishers, ["log"], loses("lose answer")),
  onCall(publishers, ["log"], landsLate),
  onCall(publishers, ["log"], twice),
  onCall(readers, ["redis", "log"], loses("lose answer")),
  onCall(readers, ["redis", "log"], slow),
  onCall(readers, ["redis"], landsLate),
  (random, { projectors }, at) => ({
    kind: "kill",
    at,
    process: random.pick(projectors),
    downMs: downMs(random),
  }),
  (random, { projectors }, at) => ({
    kind: "stop",
    at,
    process: random.pick(projectors),
    downMs: downMs(random),
  }),
  (random, setting, at) => ({
    kind: "freeze",
    at,
    process: random.pick([...setting.projectors, ...setting.readers]),
    ms: random.pick([50, 800, 5_500]),
  }),
  (random, _, at) => ({ kind: "evict", at, share: random.pick([0.2, 1]) }),
  (_, __, at) => ({ kind: "empty Redis", at }),
  (random, _, at) => ({ kind: "older Redis", at, ageMs: random.pick([5, 50, 500, 3_000]) }),
  (random, _, at) => ({
    kind: "down",
    at,
    server: random.pick(["redis", "log", "leases"] as const),
    ms: random.pick([50, 800, 3_000]),
  }),
  (random, _, at) => ({
    kind: "replica behind",
    at,
    ms: random.pick([100, 2_000]),
    byMs: random.pick([10, 34, 500]),
  }),
  (random, { projectors }, at) => ({
    kind: "silent tail",
    at,
    process: random.pick(projectors),
    ms: random.pick([100, 3_500]),
  }),
  (_, __, at) => ({ kind: "leases forgotten", at }),
  (random, _, at) => ({
    kind: "earlier log",
    at,
    product: random.pick(products),
    sequence: random.between(1, 100),
  }),
];
