import { describe, expect, test } from "vitest";
import { createRecords, type Decide } from "../../api/checkout/records.ts";
import { type Log, LogUnavailable } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { ann, noon } from "./shop.ts";

/** How a record is read and written. */

const subject = "checkout.ann.r1";
const begin =
  (id: string): Decide =>
  ({ stage }) =>
    stage === "none"
      ? { id, kind: "begun", body: "b", key: "k", lines: [], until: noon, attemptUntil: noon }
      : undefined;
const refuse: Decide = ({ stage }) =>
  stage === "begun" ? { id: "a", kind: "answered", status: 409, body: {}, lines: [] } : undefined;

const newLog = () => createMemoryLog({ stream: "CHECKOUT", now: () => noon });
const careless = (log: Log): Log => ({ ...log, append: (to, payload) => log.append(to, payload) });

/** The log, and what was asked of it since the last look. */
function counted(log: Log) {
  let calls: string[] = [];
  const counting =
    <Args extends readonly unknown[], Result>(name: string, call: (...args: Args) => Promise<Result>) =>
    (...args: Args): Promise<Result> => {
      calls.push(name);
      return call(...args);
    };
  return {
    log: {
      ...log,
      last: counting("last", log.last),
      next: counting("next", log.next),
      bounds: counting("bounds", log.bounds),
    },
    seen() {
      const seen = calls;
      calls = [];
      return seen;
    },
  };
}

describe.each([
  ["a log that holds to expectations", newLog, 1],
  ["one that takes both of two racing writes", () => careless(newLog()), 2],
] as const)("on %s", (_, open, storedTwice) => {
  test("of two who begin at once, both read that the same one has", async () => {
    const log = open();
    const [first, second] = [createRecords(log), createRecords(log)];
    const [one, other] = [await first.read(ann, "r1"), await second.read(ann, "r1")];
    expect((await first.decide(one, begin("e1"))).state).toMatchObject({ stage: "begun", attempt: "e1" });
    expect((await second.decide(other, begin("e2"))).state).toMatchObject({ stage: "begun", attempt: "e1" });
    expect((await log.bounds()).last).toBe(storedTwice);
    for (const each of [first, createRecords(log)])
      expect((await each.read(ann, "r1")).state).toMatchObject({ stage: "begun", attempt: "e1" });
  });

  test("who decides upon an old state decides anew", async () => {
    const log = open();
    const records = createRecords(log);
    const begun = await records.decide(await records.read(ann, "r1"), begin("e1"));
    await records.decide(begun, refuse);
    const asked: string[] = [];
    const { state } = await createRecords(log).decide(begun, (standing) => {
      asked.push(standing.stage);
      return standing.stage === "begun" ? { id: "late", kind: "expired" } : undefined;
    });
    expect([asked, state.stage]).toEqual([["begun", "refused"], "refused"]);
  });
});

test("what is no event does not count, and does not stand in the way", async () => {
  const log = newLog();
  const records = createRecords(log);
  const junk = () => log.append(subject, Buffer.from("junk"));
  await junk();
  const begun = await records.decide(await records.read(ann, "r1"), begin("e1"));
  await junk();
  const refused = await records.decide(begun, refuse);
  await junk();
  expect(refused.state.stage).toBe("refused");
  expect((await createRecords(log).read(ann, "r1")).state).toEqual(refused.state);
  const farOff = { v: 1, kind: "yielded", id: "x", after: 0, from: 1_000 };
  await log.append(subject, Buffer.from(JSON.stringify(farOff)));
  await expect(createRecords(log).read(ann, "r1")).resolves.toMatchObject({ last: 6 });
});

test("one that is not there costs a get, one that was answered three", async () => {
  const { log, seen } = counted(newLog());
  const records = createRecords(log);
  await log.append("checkout.bob.r1", Buffer.from("another"));
  await records.read(ann, "r2");
  seen();
  const none = await records.read(ann, "r1");
  expect(seen()).toEqual(["last"]);
  await records.decide(await records.decide(none, begin("e1")), refuse);
  expect(seen()).toEqual(["next", "next"]);
  await records.read(ann, "r1");
  expect(seen()).toEqual(["last", "next", "next"]);
});

test("a log that does not have what it acknowledged is away", async () => {
  const log = newLog();
  const forgetful = createRecords({ ...log, next: async () => undefined });
  const none = await forgetful.read(ann, "r1");
  await expect(forgetful.decide(none, begin("e1"))).rejects.toThrow(LogUnavailable);
});

test("a server that takes an id for known, though nothing came of it, is asked with another one", async () => {
  const log = newLog();
  const ids: (string | undefined)[] = [];
  const mistaken: Log = {
    ...log,
    append: async (to, payload, options) => {
      ids.push(options?.id);
      if (ids.length > 2) return log.append(to, payload, options);
      return { outcome: "conflict" };
    },
  };
  const records = createRecords(mistaken);
  const { state } = await records.decide(await records.read(ann, "r1"), begin("e1"));
  expect(state).toMatchObject({ stage: "begun", attempt: "e1" });
  expect(ids).toEqual([`${subject}@0`, `${subject}@0.1`, `${subject}@0.2`]);
});

test("a decision that is never done is given up", async () => {
  const log = newLog();
  const records = createRecords(log);
  const none = await records.read(ann, "r1");
  await expect(records.decide(none, () => ({ id: "e", kind: "cancelled" }))).rejects.toThrow(
    "changes faster than it can be decided upon",
  );
});
