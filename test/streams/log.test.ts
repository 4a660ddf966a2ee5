import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tokenOf } from "../../streams/identifier.ts";
import { limits } from "../../streams/limits.ts";
import { LogRefused } from "../../streams/log.ts";
import { publicSubject, storedSubject } from "../../streams/subjects.ts";
import { hotPerSubject } from "../../streams/topology.ts";
import { freshId } from "./id.ts";
import { logAdapters, type OpenLogs } from "./log-adapters.ts";
import { append, bytes, readTail, textOf } from "./reading.ts";

/** What the port promises, held against both adapters. */
describe.each(logAdapters)("the log ($adapter)", ({ open }) => {
  let logs: OpenLogs;
  beforeAll(async () => {
    logs = await open();
  });
  afterAll(() => logs.close());

  const price = () => {
    const id = freshId();
    return {
      published: publicSubject("price.updated", id),
      stored: storedSubject("price.updated", tokenOf(id)),
    };
  };

  test("an empty log begins at 0 and ends at 0", async () => {
    const before = Date.now();
    const { first, last, messages, epoch } = await logs.catalog.bounds();
    expect({ first, last, messages }).toEqual({ first: 0, last: 0, messages: 0 });
    expect(epoch).toBeGreaterThan(before - 60_000);
    expect(epoch).toBeLessThanOrEqual(before);
    expect(await logs.catalog.next(">", 1)).toBeUndefined();
  });

  test("appends are numbered from 1 and kept in order under their stored subjects", async () => {
    const { published, stored } = price();
    const { last } = await logs.catalog.bounds();
    expect(await append(logs.catalog, published, "one")).toBe(last + 1);
    expect(await append(logs.catalog, published, "two")).toBe(last + 2);
    const [one, two] = await readTail(logs.catalog, { from: last + 1 }, 2);
    expect([textOf(one), textOf(two)]).toEqual(["one", "two"]);
    expect(one).toMatchObject({ sequence: last + 1, subject: stored });
    expect(await logs.catalog.bounds()).toMatchObject({ first: 1, last: last + 2, messages: last + 2 });
  });

  test("the payload and the publisher's headers come back as they were", async () => {
    const { published, stored } = price();
    const payload = Uint8Array.from([0, 255, 13, 10, 0x80, 0]);
    await logs.catalog.append(published, payload, {
      headers: { "CE-Time": "2026-01-01T00:00:00Z", "X-Odd": "a: b" },
    });
    for (const message of [
      await logs.catalog.last(stored, "any"),
      await logs.catalog.last(stored, "leader"),
      await logs.catalog.next(stored, 1),
      (await readTail(logs.catalog, { from: 1, subject: stored }, 1))[0],
    ]) {
      expect(Buffer.from(message?.payload ?? []).equals(payload)).toBe(true);
      expect(message?.headers?.get("ce-time")).toBe("2026-01-01T00:00:00Z");
      expect(message?.headers?.get("x-odd")).toBe("a: b");
    }
  });

  test("an empty payload is a message like any other", async () => {
    const { published, stored } = price();
    await append(logs.catalog, published, "");
    expect((await logs.catalog.last(stored, "any"))?.payload.byteLength).toBe(0);
    expect((await logs.catalog.last(stored, "leader"))?.payload.byteLength).toBe(0);
  });

  test("every way of reading a message tells the same time", async () => {
    const { published, stored } = price();
    await append(logs.catalog, published, "now");
    const read = await logs.catalog.last(stored, "any");
    const [tailed] = await readTail(logs.catalog, { from: 1, subject: stored }, 1);
    expect(tailed?.time).toBe(read?.time);
    expect((await logs.catalog.last(stored, "leader"))?.time).toBe(read?.time);
    expect(Math.abs((read?.time ?? 0) - Date.now())).toBeLessThan(10_000);
  });

  test("last is the newest message on exactly that subject, or nothing", async () => {
    const { published, stored } = price();
    expect(await logs.catalog.last(stored)).toBeUndefined();
    expect(await logs.catalog.last(stored, "leader")).toBeUndefined();
    await append(logs.catalog, published, "old");
    const sequence = await append(logs.catalog, published, "new");
    await append(logs.catalog, price().published, "other");
    expect(await logs.catalog.last(stored, "leader")).toMatchObject({ sequence, subject: stored });
    expect(textOf(await logs.catalog.last(stored))).toBe("new");
  });

  test("next finds the first message at or after a sequence, with wildcards", async () => {
    const [a, b] = [price(), price()];
    const first = await append(logs.catalog, a.published, "a1");
    const second = await append(logs.catalog, b.published, "b1");
    const third = await append(logs.catalog, a.published, "a2");
    const found = async (subject: string, from: number) => (await logs.catalog.next(subject, from))?.sequence;
    expect(await found(a.stored, first)).toBe(first);
    expect(await found(a.stored, first + 1)).toBe(third);
    expect(await found(a.stored, third + 1)).toBeUndefined();
    expect(await found(b.stored, 0)).toBe(second);
    expect(await found("log.catalog.*.price.>", second)).toBe(second);
    expect(await found("log.catalog.*.price.updated.*", third)).toBe(third);
    expect(await found("log.catalog.*.price", first)).toBeUndefined();
    expect(await found("log.catalog.*.sale.>", first)).toBeUndefined();
    expect(await found(">", third + 1_000_000)).toBeUndefined();
  });

  test("the same id again is the same append, whatever it carries", async () => {
    const { published, stored } = price();
    const options = { id: `event-${published}` };
    const first = await logs.catalog.append(published, bytes("first"), options);
    const again = await logs.catalog.append(published, bytes("again"), options);
    expect(first).toMatchObject({ outcome: "stored", duplicate: false });
    expect(again).toEqual({ ...first, duplicate: true });
    expect(textOf(await logs.catalog.last(stored, "leader"))).toBe("first");
  });

  test("the same id again is no conflict with itself", async () => {
    const { published } = price();
    const options = { id: `event-${published}`, expectedLastSubjectSequence: 0 };
    const first = await logs.catalog.append(published, bytes("first"), options);
    expect(await logs.catalog.append(published, bytes("first"), options)).toEqual({
      ...first,
      duplicate: true,
    });
  });

  test("an expectation that does not hold is a conflict and stores nothing", async () => {
    const { published, stored } = price();
    const expecting = (expectedLastSubjectSequence: number, text: string) =>
      logs.catalog.append(published, bytes(text), { expectedLastSubjectSequence });
    expect(await expecting(7, "too early")).toEqual({ outcome: "conflict" });
    const one = await expecting(0, "one");
    expect(one.outcome).toBe("stored");
    expect(await expecting(0, "not first")).toEqual({ outcome: "conflict" });
    const sequence = one.outcome === "stored" ? one.sequence : 0;
    expect((await expecting(sequence, "two")).outcome).toBe("stored");
    expect(await expecting(sequence, "late")).toEqual({ outcome: "conflict" });
    expect(textOf(await logs.catalog.last(stored, "leader"))).toBe("two");
  });

  test("a chain of appends in flight at once is stored in its order, or cut off where somebody was quicker", async () => {
    const chain = async (ids: readonly string[], foreignBehind?: string) => {
      const appends = ids.flatMap((id, at) => {
        const expected = ids[at - 1];
        const chained = logs.catalog.append(price().published, bytes(id), {
          id,
          ...(expected !== undefined && { expectedLastId: expected }),
        });
        return id === foreignBehind
          ? [chained, append(logs.catalog, price().published, "foreign")]
          : [chained];
      });
      const outcomes = await Promise.all(appends);
      return outcomes.map((appended) => (typeof appended === "number" ? "foreign" : appended.outcome));
    };
    const named = (text: string) => Array.from({ length: 5 }, (_, at) => `${freshId()}-${text}-${at}`);
    const { last } = await logs.catalog.bounds();
    const whole = named("whole");
    expect(await chain(whole)).toEqual(whole.map(() => "stored"));
    const tailed = await readTail(logs.catalog, { from: last + 1 }, 5);
    expect(tailed.map(textOf)).toEqual(whole);
    const torn = named("torn");
    expect(await chain(torn, torn[1])).toEqual([
      "stored",
      "stored",
      "foreign",
      "conflict",
      "conflict",
      "conflict",
    ]);
    // What was cut off goes in behind.
    expect(await chain(torn.slice(2))).toEqual(["stored", "stored", "stored"]);
    // The same append again is itself, whatever is the last by now.
    const again = await logs.catalog.append(price().published, bytes("again"), {
      id: torn[1] ?? "",
      expectedLastId: torn[0] ?? "",
    });
    expect(again).toMatchObject({ outcome: "stored", duplicate: true });
  });

  test("of many that expect the same only one is stored", async () => {
    const { published, stored } = price();
    const racers = Array.from({ length: 20 }, (_, at) =>
      logs.catalog.append(published, bytes(`racer ${at}`), { expectedLastSubjectSequence: 0 }),
    );
    const outcomes = (await Promise.all(racers)).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === "stored")).toHaveLength(1);
    const { last } = await logs.catalog.bounds();
    expect((await logs.catalog.last(stored, "leader"))?.sequence).toBe(last);
  });

  test.each([limits.messageBytesMax + 1, 4 * 1024 * 1024])(
    "a message of %d bytes is refused at once and in words",
    async (size) => {
      const { published, stored } = price();
      const startedAt = performance.now();
      await expect(logs.catalog.append(published, new Uint8Array(size))).rejects.toThrow(LogRefused);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      expect(await logs.catalog.last(stored, "leader")).toBeUndefined();
    },
  );

  test("what no mapping takes is stored as it is", async () => {
    await append(logs.catalog, "catalog.x", "stray");
    await append(logs.catalog, "catalog.price.updated.a.b", "a token too many");
    expect(textOf(await logs.catalog.last("catalog.x"))).toBe("stray");
    expect(textOf(await logs.catalog.last("catalog.price.updated.a.b"))).toBe("a token too many");
  });

  test("a tail begins in the middle and goes on with what comes later", async () => {
    const { published } = price();
    await append(logs.catalog, published, "before");
    const from = await append(logs.catalog, published, "from here");
    const tail = logs.catalog.tail({ from });
    const { messages, pending } = await tail.take(10, 5_000);
    expect(messages.map(textOf)).toEqual(["from here"]);
    expect(pending).toBe(0);
    const later = tail.take(10, 10_000);
    await append(logs.catalog, published, "later");
    expect((await later).messages.map(textOf)).toEqual(["later"]);
    await tail.close();
  });

  test("a tail with a filter sees only what it asked for, in order", async () => {
    const [a, b] = [price(), price()];
    const { last } = await logs.catalog.bounds();
    for (let at = 0; at < 5; at++) {
      await append(logs.catalog, a.published, `a${at}`);
      await append(logs.catalog, b.published, `b${at}`);
    }
    const read = await readTail(logs.catalog, { from: last + 1, subject: b.stored }, 5);
    expect(read.map(textOf)).toEqual(["b0", "b1", "b2", "b3", "b4"]);
    expect(
      (await readTail(logs.catalog, { from: last + 1, subject: "log.catalog.*.price.>" }, 10)).length,
    ).toBe(10);
  });

  test("take gives at most what was asked for and says how much is left", async () => {
    const { published } = price();
    const { last } = await logs.catalog.bounds();
    for (let at = 0; at < 5; at++) await append(logs.catalog, published, String(at));
    const tail = logs.catalog.tail({ from: last + 1 });
    let seen = 0;
    while (seen < 5) {
      const { messages, pending } = await tail.take(2, 5_000);
      expect(messages.length).toBeLessThanOrEqual(2);
      seen += messages.length;
      expect(pending).toBeLessThanOrEqual(5 - seen);
    }
    await tail.close();
    expect(seen).toBe(5);
  });

  test("take gives up after its time, and a closed tail ends a take at once", async () => {
    const tail = logs.catalog.tail({ from: (await logs.catalog.bounds()).last + 1 });
    expect((await tail.take(1, 50)).messages).toEqual([]);
    const waiting = tail.take(1, 60_000);
    await tail.close();
    expect((await waiting).messages).toEqual([]);
  });

  test("many tails from the same place read the same, each at its own pace", async () => {
    const { published } = price();
    const { last } = await logs.catalog.bounds();
    const wanted = Array.from({ length: 200 }, (_, at) => `event ${at}`);
    await Promise.all(wanted.map((text) => logs.catalog.append(published, bytes(text))));
    const readings = await Promise.all([1, 2, 3].map(() => readTail(logs.catalog, { from: last + 1 }, 200)));
    for (const reading of readings) {
      expect(reading.map(({ sequence }) => sequence)).toEqual(wanted.map((_, at) => last + 1 + at));
      expect(new Set(reading.map(textOf))).toEqual(new Set(wanted));
    }
  });

  test("a stream that keeps some of each subject forgets the oldest of that one", async () => {
    const { hot } = logs;
    const others = await append(hot, "hot.command.other", "stays");
    for (let count = 1; count <= hotPerSubject + 8; count++)
      await append(hot, "hot.command.lamp", String(count));
    const { last, messages } = await hot.bounds();
    expect([last, messages]).toEqual([others + hotPerSubject + 8, hotPerSubject + 1]);
    const read = await readTail(hot, { from: 1 }, messages);
    expect([textOf(read[0]), textOf(read[1]), textOf(read.at(-1))]).toEqual(["stays", "9", "40"]);
    expect(textOf(await hot.next("hot.command.lamp", 1))).toBe("9");
    const expected = { expectedLastSubjectSequence: last };
    expect((await hot.append("hot.command.lamp", bytes("41"), expected)).outcome).toBe("stored");
  });

  test("a stream that keeps the last of each subject forgets the rest and keeps its order", async () => {
    const { quarantine } = logs;
    await append(quarantine, "quarantine.catalog.1", "old");
    await append(quarantine, "quarantine.catalog.2", "two");
    await append(quarantine, "quarantine.catalog.1", "new");
    expect(await quarantine.bounds()).toMatchObject({ last: 3, messages: 2 });
    const read = await readTail(quarantine, { from: 1 }, 2);
    expect(read.map(textOf)).toEqual(["two", "new"]);
    expect((await quarantine.next("quarantine.catalog.1", 1))?.sequence).toBe(3);
  });
});
