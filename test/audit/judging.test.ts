import { beforeEach, expect, test } from "vitest";
import type { History } from "../../ops/audit/history.ts";
import type { Judgement } from "../../ops/audit/judge.ts";
import { createJudging, type Judging } from "../../ops/audit/judging.ts";
import type { Reply } from "../../ops/audit/tier.ts";
import { aspects } from "../../projections/aspects.ts";
import { id } from "../streams/id.ts";

/** Who waits for whom: a tier that is ahead of the oracle is not late. */

const lamp = id("lamp");
const history: History = { id: lamp, states: [] };
const end = 7;

let head: number;
let now: number;
let judging: Judging;

beforeEach(() => {
  head = 3;
  now = 0;
  const oracle = {
    get head() {
      return head;
    },
    historyOf: () => history,
    extend: async () => false,
  };
  const bounds = async () => ({ first: 1, last: end, messages: end, epoch: 1 });
  judging = createJudging({ oracle, catalog: { bounds }, others: () => undefined, now: () => now });
});

const lackOf = (variant?: History): Judgement => ({
  verdict: "placed",
  lacks: [{ aspect: aspects.rating, missed: undefined, since: 0, ...(variant && { variant }) }],
  mixed: false,
});
const right: Judgement = { verdict: "placed", lacks: [], mixed: false };

const replied = (judge: (head: number) => Judgement): Reply => ({
  askedAt: 0,
  answeredAt: 0,
  claims: undefined,
  evidence: {},
  judge: (_, known) => judge(known),
});

/** The oracle hears of one event after the other, for as long as somebody waits. */
async function judgedWhile(reply: Reply, hear: () => void): Promise<Judgement> {
  let judgement: Judgement | undefined;
  const judged = judging.judge(lamp, reply).then((one) => {
    judgement = one;
  });
  while (judgement === undefined) {
    await new Promise(setImmediate);
    hear();
    judging.wake();
  }
  await judged;
  return judgement;
}

test("a variant that equals what it once was is looked at again once the oracle knows what it is now", async () => {
  const reply = replied((known) => (known < end ? lackOf(history) : right));
  expect(await judgedWhile(reply, () => head++)).toEqual(right);
});

test("one that is old all the same is late", async () => {
  expect(
    await judgedWhile(
      replied(() => lackOf(history)),
      () => head++,
    ),
  ).toEqual(lackOf(history));
  expect(head).toBeGreaterThanOrEqual(end);
});

test("while the oracle does not get there nothing can be said", async () => {
  const judgement = await judgedWhile(
    replied(() => lackOf(history)),
    () => (now += 1_000),
  );
  expect(judgement).toEqual({ verdict: "unchecked", reason: "behind" });
});

test("what the product itself lacks needs no second look: its version says where it stands", async () => {
  expect(
    await judging.judge(
      lamp,
      replied(() => lackOf()),
    ),
  ).toEqual(lackOf());
});

test("an answer ahead of the oracle is judged when the oracle is there", async () => {
  const reply = replied((known) => (known < 6 ? { verdict: "ahead", sequence: 6 } : right));
  expect(await judgedWhile(reply, () => head++)).toEqual(right);
});
