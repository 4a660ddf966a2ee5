import { beforeEach, describe, expect, test } from "vitest";
import { type HotState, initialState } from "../../actors/hot/hot-state.ts";
import { createTransitionWriter, type TransitionWriter } from "../../actors/hot/transition-writer.ts";
import { decodeTransition, type Transition, transitionSubject } from "../../actors/hot/transitions.ts";
import type { Log, ReadFrom } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { id } from "../streams/id.ts";

/** What becomes of transitions on their way to the stream. */

const lamp = id("lamp");
const at = (time: number, product = lamp, value: HotState["value"] = "warming.loading"): Transition => ({
  event: { type: "heated", at: time },
  before: "cold",
  after: { ...initialState(product, time, 0), value },
});
const newLog = () => createMemoryLog({ stream: "HOT", now: () => 0 });

let hot: Log;
let names = 0;
let ending: AbortController;
beforeEach(() => {
  hot = newLog();
  names = 0;
  ending = new AbortController();
});

const writerOf = (log: Log, by = "one"): TransitionWriter =>
  createTransitionWriter(log, [], { newId: () => `${by}-${++names}`, signal: ending.signal });
const timeOf = async (log: Log, product = lamp) =>
  decodeTransition((await log.last(transitionSubject(product)))?.payload ?? new Uint8Array())?.event.at;
const failureOf = (writer: TransitionWriter) => writer.failed.catch((error: Error) => error.message);

test("of one product the transitions are written in their order", async () => {
  const writer = writerOf(hot);
  for (let time = 1; time <= 20; time++) writer.write(at(time));
  await writer.settled();
  expect([await timeOf(hot), (await hot.bounds()).messages]).toEqual([20, 20]);
});

describe("the fence", () => {
  test("another owner's transition in between fails it, also in the same millisecond", async () => {
    const writer = writerOf(hot);
    writer.write(at(1));
    await writer.settled();
    const other = writerOf(hot, "other");
    other.write(at(2));
    await other.settled();
    writer.write(at(2));
    expect(await failureOf(writer)).toBe("another owner has written what became of lamp");
    expect((await hot.bounds()).messages).toBe(2);
  });

  test("a last transition that the stream has forgotten is no other owner", async () => {
    let standing = hot;
    const writer = writerOf({
      ...hot,
      append: (...told) => standing.append(...told),
      last: (...told) => standing.last(...told),
    });
    writer.write(at(1));
    await writer.settled();
    standing = newLog();
    writer.write(at(2));
    writer.write(at(3));
    await writer.settled();
    expect(await timeOf(standing)).toBe(3);
    expect((await standing.bounds()).messages).toBe(2);
  });

  test("one that was stored and is said to be in conflict is this owner's own", async () => {
    let isLost = true;
    const writer = writerOf({
      ...hot,
      async append(...told) {
        const appended = await hot.append(...told);
        if (!isLost) return appended;
        isLost = false;
        return { outcome: "conflict" };
      },
    });
    writer.write(at(1));
    writer.write(at(2));
    await writer.settled();
    expect([await timeOf(hot), (await hot.bounds()).messages]).toEqual([2, 2]);
  });
});

test("of what was cold the leader is asked, of 16 products at a time", async () => {
  const asked: (ReadFrom | undefined)[] = [];
  let underWay = 0;
  let most = 0;
  const writer = writerOf({
    ...hot,
    async last(subject, from) {
      asked.push(from);
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay--;
      return hot.last(subject, from);
    },
  });
  for (let product = 0; product < 100; product++) writer.write(at(1, id(`p-${product}`)));
  await writer.settled();
  expect(new Set(asked)).toEqual(new Set(["leader"]));
  expect(most).toBe(16);
});

describe("what waits", () => {
  test("is not written any more once a write has failed", async () => {
    let appends = 0;
    const writer = writerOf({
      ...hot,
      async append(...told) {
        if (++appends > 2) throw new Error("the log does not answer");
        return hot.append(...told);
      },
    });
    for (let time = 1; time <= 50; time++)
      for (const product of ["lamp", "chair"]) writer.write(at(time, id(product)));
    expect(await failureOf(writer)).toBe("the log does not answer");
    await writer.settled();
    writer.write(at(99, id("table")));
    await writer.settled();
    // One of each product at most was under way.
    expect(appends).toBeLessThanOrEqual(4);
    expect((await hot.bounds()).messages).toBe(2);
  });

  test("is not written any more once the owner is to end", async () => {
    const writer = writerOf(hot);
    for (let time = 1; time <= 50; time++) writer.write(at(time));
    ending.abort();
    await writer.settled();
    expect((await hot.bounds()).messages).toBeLessThanOrEqual(1);
    writer.write(at(99, id("table")));
    await writer.settled();
    expect(await timeOf(hot, id("table"))).toBeUndefined();
  });
});
