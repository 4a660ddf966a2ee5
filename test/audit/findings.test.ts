import { expect, test } from "vitest";
import type { Suspect } from "../../ops/audit/diagnose.ts";
import { createFindings, type Finding } from "../../ops/audit/findings.ts";
import { createTally } from "../../ops/audit/tally.ts";
import { hearWords } from "../../ops/audit/words.ts";
import { aspects } from "../../projections/aspects.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { id } from "../streams/id.ts";

/** Which of many findings a report shows. */

const lamp = id("lamp");

/** A sale of this moment that is not shown, whose cause is known without asking anybody. */
const suspectOf = (since: number): Suspect => ({
  tier: { name: "edge", kind: "edge", ask: () => Promise.reject(new Error("nobody is asked")), close() {} },
  history: { id: lamp, states: [] },
  lack: { aspect: aspects.price, missed: undefined, since },
  reply: {
    askedAt: since + 120,
    answeredAt: since + 121,
    claims: undefined,
    evidence: {},
    judge: () => ({ verdict: "placed", lacks: [], mixed: false }),
  },
});

test("what is wrong comes before what is beyond its bound, and both before the many that are late", async () => {
  const all: Finding[] = [];
  const findings = createFindings({
    witnesses: {
      words: hearWords(createMemoryBroadcast(), { now: () => 0, horizonMs: 1 }),
      redis: suspectOf(0).tier,
      nodes: [],
      head: () => 0,
      others: () => undefined,
    },
    tally: createTally(["edge"]),
    onFinding: (finding) => all.push(finding),
  });
  const aged = (beyond: boolean) => ({ late: undefined, beyond, waits: false });
  for (let at = 0; at < 2_100; at++) {
    findings.late(suspectOf(at), aged(false), 100);
    await findings.settled();
  }
  findings.late(suspectOf(2_100), aged(true), 1_000);
  findings.wrong(suspectOf(2_101), { verdict: "wrong", what: "price", expected: 1, found: 2 }, 100);
  await findings.settled();
  expect(all).toHaveLength(2_002);
  const shown = findings.worstFirst().map(({ finding }) => finding);
  expect(shown).toEqual(["wrong", "beyond-bound", ...Array.from({ length: 100 }, () => "late")]);
});
