import { expect, test } from "vitest";
import { certify, type Measured, type PhaseMeasured } from "../../ops/rehearse/certificate.ts";
import { createHistogram } from "../../ops/rehearse/histogram.ts";
import { profileOf } from "../../ops/rehearse/profile.ts";
import { linesOf, markdownOf, tableOf } from "../../ops/rehearse/report.ts";
import { id } from "../streams/id.ts";

/** Certificates of figures that are known. */

const seconds = { steady: 10, bursts: 2, warming: 10, ramp: 30, peak: 20, cooling: 10 };
const phases = profileOf({ seconds, peak: 1_000, dealShare: 0.5 });
const flip = { asked: 100, failed: 0, early: 0, lastOldMs: 0, flippedMs: 3 };

interface Seen {
  /** Milliseconds of every request. */
  readonly took?: number;
  readonly errors?: Readonly<Record<string, number>>;
  readonly hot?: Readonly<Record<string, number>>;
  readonly processorSeconds?: number | undefined;
}

function measured(seen: Readonly<Record<string, Seen>>, more: Partial<Measured> = {}): Measured {
  const all = phases.map((phase): PhaseMeasured => {
    const { took = 2, errors = {}, hot = { memory: 500 }, processorSeconds } = seen[phase.name] ?? {};
    const times = createHistogram();
    for (let at = 0; at < 1_000; at++) times.record(took);
    const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
    return {
      phase,
      processorSeconds,
      counts: {
        requests: 1_000,
        answered: 1_000 - failed,
        errors,
        unsent: 0,
        retried: 0,
        tiers: { hot, other: { memory: 300, redis: 100 }, burst: { memory: 50, log: 50 } },
        times: times.held(),
        lateness: createHistogram().held(),
        busy: 0.25,
      },
    };
  });
  return {
    phases: all,
    capacity: 1_700,
    peak: 1_000,
    cores: undefined,
    start: flip,
    end: flip,
    changes: { published: 100, onDeals: 50, failed: 0 },
    deals: [id("deal-1"), id("deal-2")],
    bursts: [],
    transitions: [],
    pushed: [],
    ...more,
  };
}

const failedOf = (of: Measured) =>
  certify(of).verdicts.flatMap(({ what, pass }) => (pass ? [] : [what.split(/[:,]/)[0]]));

test("where all is well every line passes", () => {
  expect(failedOf(measured({}))).toEqual([]);
  expect(certify(measured({})).verdicts).toHaveLength(5);
});

test("an error in any phase is one too many", () => {
  expect(failedOf(measured({ cooling: { errors: { "503": 1 } } }))).toEqual(["no errors in any phase"]);
});

test("hot reads count from the moment at which the sale is known", () => {
  const missing = { hot: { memory: 400, redis: 100 } };
  expect(failedOf(measured({ steady: missing, bursts: missing }))).toEqual([]);
  expect(failedOf(measured({ warming: missing }))).toEqual(["hot reads from memory"]);
  // 2,000 with 2 of them elsewhere are 99.9 %, and 3 are not.
  expect(failedOf(measured({ ramp: { hot: { memory: 498, redis: 2 } } }))).toEqual([]);
  expect(failedOf(measured({ ramp: { hot: { memory: 497, redis: 3 } } }))).toEqual(["hot reads from memory"]);
  const none = Object.fromEntries(phases.map(({ name }) => [name, { hot: {} }]));
  expect(failedOf(measured(none))).toEqual(["hot reads from memory"]);
});

test("the log is read once for each refresh of a deal, whoever reads it", () => {
  const hot = (log: number) => ({ peak: { hot: { memory: 100_000, log } } });
  // 50 changes, and of each of two deals its sale's event, start and end.
  expect(certify(measured(hot(56))).hotKeys).toEqual({ logReads: 56, refreshes: 56, ownerLoads: 0 });
  expect(failedOf(measured(hot(56)))).toEqual([]);
  expect(failedOf(measured(hot(57)))).toEqual(["log reads per hot key per refresh"]);
  const pushed = [id("deal-1"), id("other")];
  expect(failedOf(measured(hot(56), { pushed }))).toHaveLength(1);
  expect(failedOf(measured(hot(55), { pushed }))).toEqual([]);
  const many = Array.from({ length: 90 }, () => id("deal-1"));
  expect(certify(measured({}, { pushed: many })).hotKeys).toEqual({
    logReads: 90,
    refreshes: 90,
    ownerLoads: 90,
  });
});

test("a ramp may take three times as long as the steady load, and no more", () => {
  expect(failedOf(measured({ ramp: { took: 6 } }))).toEqual([]);
  expect(failedOf(measured({ ramp: { took: 6.1 } }))).toEqual(["p99 in the ramp"]);
});

test.each([
  ["late", { start: { ...flip, lastOldMs: 51 } }],
  ["early", { end: { ...flip, early: 1 } }],
  ["not at all", { end: { ...flip, flippedMs: undefined } }],
])("a price that flips %s fails", (_, more) => {
  expect(failedOf(measured({}, more))).toHaveLength(1);
});

test("a fleet is what the processor time of the peak implies at 60 % load", () => {
  // 1,000 answers in 0.5 s of processor: 2,000 a core.
  const { perCore, fleet } = certify(measured({ peak: { processorSeconds: 0.5 } }));
  expect(perCore).toEqual({ perSecond: 2_000, by: "processor" });
  expect(fleet).toEqual([
    { perSecond: 6_000, cores: 5, nodes: 1 },
    { perSecond: 600_000, cores: 500, nodes: 32 },
  ]);
});

test("without it the cores that the operator names tell, by the capacity", () => {
  expect(certify(measured({}, { cores: 4 })).perCore).toEqual({ perSecond: 425, by: "cores" });
  expect(certify(measured({}, { cores: 4, capacity: undefined })).perCore?.perSecond).toBe(250);
  expect(certify(measured({})).perCore).toBeUndefined();
  expect(certify(measured({})).fleet).toEqual([]);
});

test("detection runs from a burst's first request to the transition to hot", () => {
  const bursts = [
    { product: id("a"), at: 1_000 },
    { product: id("b"), at: 2_000 },
    { product: id("c"), at: undefined },
  ];
  const transitions = [
    { product: id("b"), at: 2_010, event: "heat", to: "warming.loading" },
    { product: id("b"), at: 2_090, event: "held", to: "hot.fresh" },
    { product: id("b"), at: 2_900, event: "changed", to: "hot.refreshing" },
    { product: id("c"), at: 3_000, event: "held", to: "hot" },
  ];
  expect(certify(measured({}, { bursts, transitions })).detection).toEqual({ bursts: 3, tookMs: [90] });
});

test("people read a table, programs lines, and both the same figures", () => {
  const certificate = certify(measured({ peak: { errors: { "0": 2, default: 1 }, processorSeconds: 0.5 } }));
  const about = { machine: "2 cores", at: "2026-11-30T00:00:00.000Z", settings: { seed: 7, deals: 2 } };
  const table = tableOf(certificate, about);
  expect(table).toContain("seed 7, deals 2");
  expect(table).toContain("3: 2 without an answer (0 unsent), 1 default");
  expect(table).toMatch(/^FAIL {2}no errors in any phase: 3$/m);
  expect(table).toContain("600,000 requests/s at 60 % load: 502 cores, 32 nodes of 16 cores.");
  const markdown = markdownOf(certificate, about);
  expect(markdown).toContain("| peak | 20 | 50 | 3: 2 without an answer (0 unsent), 1 default |");
  const lines = linesOf(certificate, about);
  expect(lines).toHaveLength(phases.length + 5 + 1);
  expect(JSON.parse(JSON.stringify(lines[4]))).toMatchObject({ phase: "peak", errors: 3, perSecond: 50 });
});
