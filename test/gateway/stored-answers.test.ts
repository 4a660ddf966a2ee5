import { beforeEach, expect, test } from "vitest";
import { prepare } from "../../api/answer.ts";
import { createFloors, type Floors } from "../../api/gateway/floors.ts";
import { aheadMs, type MadeAnswer } from "../../api/gateway/made-answer.ts";
import {
  createStoredAnswers,
  madeOf,
  type ReadyAnswer,
  type StoredAnswers,
} from "../../api/gateway/stored-answers.ts";
import type { Found } from "../../api/reader.ts";
import { createMemoryReadModel, type MemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Stamp } from "../../projections/read-model.ts";
import { versionsOf, type Versions, withRevision } from "../../projections/version.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { partitionOfId, v } from "../projections/read-model-adapters.ts";
import { silent } from "../projections/projecting.ts";
import { id } from "../streams/id.ts";

const lamp = id("lamp");
const freshnessMs = 5_000;

let now: number;
let model: MemoryReadModel;
let floors: Floors;
let stored: StoredAnswers;

beforeEach(async () => {
  now = Date.parse("2026-11-27T00:00:00Z");
  model = createMemoryReadModel();
  floors = createFloors();
  stored = open();
  await standAt(12);
});

const open = (versions: Versions = v) =>
  createStoredAnswers({ readModel: model, floors, versions, now: () => now, journal: silent });

async function standAt(sequence: number, versions: Versions = v, of = lamp): Promise<void> {
  const partition = partitionOfId(of);
  const from = (await model.positions("catalog", [partition])).get(partition)?.version;
  await model.advance("catalog", [{ partition, from, to: versions(sequence), headAt: now }]);
}

/** Puts the registers of a product at that version. */
async function put(newest: number, of = lamp): Promise<void> {
  const partition = partitionOfId(of);
  if (!(await model.positions("catalog", [partition])).has(partition)) await standAt(12, v, of);
  const position = (await model.positions("catalog", [partition])).get(partition)?.version;
  const puts = (["product", "price", "inventory"] as const).map((register) => ({
    id: of,
    register,
    version: v(newest),
    value: null,
  }));
  await model.putRegisters([{ partition, position }], puts);
}

/** As a reader finds it in the read models. */
async function read(newest = 10, of = lamp): Promise<Found> {
  return { state: { id: of }, stamp: (await model.readProducts([of]))[0]?.stamp, newest } as Found;
}

const made = (text: string, validUntil?: number) => ({ prepared: prepare(text), validUntil }) as MadeAnswer;

async function store(text: string, newest = 10, validUntil?: number, of = lamp): Promise<void> {
  await put(newest, of);
  stored.store(await read(newest, of), made(text, validUntil));
}

const ask = (product: Identifier, due = 0, from = stored) =>
  new Promise<ReadyAnswer | undefined | Error>((resolve) => {
    from.ask(product, { freshnessMs, due }, resolve);
  });

test("what was stored is ready, with its ETag and the position of its partition", async () => {
  await store('{"title":"Lampe à l’huile"}');
  const ready = (await ask(lamp)) as ReadyAnswer;
  expect(ready).toMatchObject({ sequence: 12, knownAt: now, validUntil: undefined });
  expect(ready.prepared.bytes.toString()).toBe('{"title":"Lampe à l’huile"}');
  expect(ready.prepared.etag).toBe(prepare('{"title":"Lampe à l’huile"}').etag);
  expect(madeOf(lamp, ready)).toMatchObject({ source: "redis", sequence: 12, subject: lamp });
  expect(floors.of(lamp)).toBe(10);
});

const passedOver: Readonly<Record<string, () => Promise<unknown>>> = {
  "its partition was not at the head for too long": async () => {
    now += freshnessMs + 1;
    return ask(lamp);
  },
  "its partition is not where it is due": () => ask(lamp, 13),
  "this node has shown something newer": async () => {
    floors.raise(lamp, 13);
    return ask(lamp);
  },
  "the moment is near at which it changes": async () => {
    const at = now + aheadMs + 10;
    await store('{"on":"sale"}', 11, at);
    expect(await ask(lamp)).toMatchObject({ validUntil: at });
    now += 10;
    return ask(lamp);
  },
  "it is of another log": async () => {
    const other = versionsOf(Date.parse("2026-11-28T00:00:00Z"));
    await standAt(12, other);
    return ask(lamp, 0, open(other));
  },
  "its partition waits to be rebuilt": async () => {
    await standAt(12, (sequence) => withRevision(v(sequence), 0));
    return ask(lamp);
  },
  "an older fold made it than that of its partition": async () => {
    const newer = versionsOf(Date.parse("2026-11-27T00:00:00Z"), 3);
    await standAt(12, newer);
    return ask(lamp, 0, open(newer));
  },
};

test.each(Object.keys(passedOver))("it is passed over where %s", async (name) => {
  await store("{}");
  expect(await ask(lamp)).toBeDefined();
  expect(await passedOver[name]?.()).toBeUndefined();
});

test("what was read before a rebuild, or while it was at work, is not stored behind it", async () => {
  await put(10);
  const before = await read();
  await standAt(12, (sequence) => withRevision(v(sequence), 0));
  const meanwhile = await read();
  // Here the rebuild replaces values, whose versions stay the same.
  stored.store(before, made("{}"));
  stored.store(meanwhile, made("{}"));
  await standAt(12);
  expect((await model.readAnswers([lamp]))[0]?.answer).toBeUndefined();
  stored.store(await read(), made("{}"));
  expect(await ask(lamp)).toBeDefined();
});

test("while the last units are being sold nothing is stored", async () => {
  await put(10);
  const selling = { ...made("{}"), lastCallUntil: now + 10 };
  stored.store(await read(), selling);
  expect((await model.readAnswers([lamp]))[0]?.answer).toBeUndefined();
  now += 10;
  stored.store(await read(), selling);
  expect(await ask(lamp)).toBeDefined();
});

test("a sale that ends in the year 9999 leaves the bytes as they are", async () => {
  const end = Date.parse("9999-12-31T23:59:59.999Z");
  await store('{"title":"lamp"}', 10, end);
  const ready = (await ask(lamp)) as ReadyAnswer;
  expect([ready.validUntil, ready.prepared.bytes.toString()]).toEqual([end, '{"title":"lamp"}']);
});

const head = `2 ${v(3)} "${"e".repeat(27)}" ${"0".repeat(16)} `;
const foreign = ["", "2 ", "1" + head.slice(1) + "{}", head, head + "[]", head.replace(" 0", "00") + "{}"];
test.each([...foreign, head.replace("3.", "x.") + "{}", head.replace('"', " ") + "{}"])(
  "a text that is none of ours is passed over: %j",
  async (text) => {
    await store("{}");
    const stamp = (await model.readProducts([lamp]))[0]?.stamp as Stamp;
    await model.putAnswer(lamp, stamp, Buffer.from(text));
    expect(await ask(lamp)).toBeUndefined();
    await model.putAnswer(lamp, stamp, Buffer.from(head + "{}"));
    expect(await ask(lamp)).toMatchObject({ sequence: 12 });
  },
);

test("who fails with an answer does not keep it from the others", async () => {
  await store("{}");
  const heard: unknown[] = [];
  stored.ask(lamp, { freshnessMs, due: 0 }, () => {
    throw new Error("defect");
  });
  stored.ask(lamp, { freshnessMs, due: 0 }, (ready) => heard.push(ready));
  await expect.poll(() => heard.length).toBe(1);
});

test("all that is asked for in a turn goes out together, in calls of bounded size", async () => {
  await store("{}");
  const calls: number[] = [];
  const { readAnswers } = model;
  model.readAnswers = (ids) => {
    calls.push(ids.length);
    return readAnswers(ids);
  };
  const all = Array.from({ length: 600 }, (_, at) => (at === 300 ? lamp : id(`nobody-${at}`)));
  const ready = await Promise.all(all.map((each) => ask(each)));
  expect(calls).toEqual([256, 256, 88]);
  expect(ready.flatMap((one, at) => (one === undefined ? [] : [at]))).toEqual([300]);
});

test("everybody who asks in a turn of many hears of their own", async () => {
  const products = Array.from({ length: 300 }, (_, at) => id(`SKU-${at}`));
  for (const product of products) await store(`{"id":"${product}"}`, 10, undefined, product);
  const ready = await Promise.all(products.map((product) => ask(product)));
  const texts = ready.map((one) => (one as ReadyAnswer).prepared.bytes.toString());
  expect(texts).toEqual(products.map((product) => `{"id":"${product}"}`));
});

test("what is passed over does not raise what this node has shown", async () => {
  await store("{}", 12);
  expect(await ask(lamp, 13)).toBeUndefined();
  now += freshnessMs + 1;
  expect(await ask(lamp)).toBeUndefined();
  expect(floors.of(lamp)).toBe(0);
});

test("a text that is cut short anywhere before its body is passed over", async () => {
  await store("{}");
  const stamp = (await model.readProducts([lamp]))[0]?.stamp as Stamp;
  const [read] = await model.readAnswers([lamp]);
  const whole = read?.answer ?? Buffer.alloc(0);
  for (let length = 0; length < whole.length - 1; length++) {
    await model.putAnswer(lamp, stamp, whole.subarray(0, length));
    expect(await ask(lamp)).toBeUndefined();
  }
  await model.putAnswer(lamp, stamp, whole);
  expect(await ask(lamp)).toMatchObject({ sequence: 12 });
});

test("one that includes more than its partition's position is passed over", async () => {
  await store("{}", 13);
  expect(await ask(lamp)).toBeUndefined();
  expect(floors.of(lamp)).toBe(0);
  await standAt(13);
  expect(await ask(lamp)).toMatchObject({ sequence: 13 });
});

test("everybody hears that the store does not answer", async () => {
  const away = new Error("away");
  model.readAnswers = () => Promise.reject(away);
  expect(await Promise.all([ask(lamp), ask(id("vase"))])).toEqual([away, away]);
});

test("an answer that cannot be stored is made again by the next reader", async () => {
  model.putAnswer = () => Promise.reject(new Error("away"));
  await store("{}");
  expect(await ask(lamp)).toBeUndefined();
});
