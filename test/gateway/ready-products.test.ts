import { beforeEach, expect, test } from "vitest";
import { prepare } from "../../api/answer.ts";
import { type AbsentProducts, createAbsentProducts } from "../../api/gateway/absent-products.ts";
import { createGatewayCounters, type GatewayCounters } from "../../api/gateway/counters.ts";
import { createFloors } from "../../api/gateway/floors.ts";
import { createHeldAnswers, type HeldAnswers } from "../../api/gateway/held-answers.ts";
import { createReadyProducts, type ReadyProducts } from "../../api/gateway/ready-products.ts";
import type { Served } from "../../api/gateway/served.ts";
import { createStoredAnswers, madeOf } from "../../api/gateway/stored-answers.ts";
import type { MadeAnswer } from "../../api/gateway/made-answer.ts";
import type { Found } from "../../api/reader.ts";
import { createMemoryReadModel, type MemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { silent } from "../projections/projecting.ts";
import { noPosition, partitionOfId, v } from "../projections/read-model-adapters.ts";
import { id } from "../streams/id.ts";

const lamp = id("lamp");
const vase = id("vase");
const bytesMax = 1024 * 1024;
const now = () => 1_000;

let model: MemoryReadModel;
let held: HeldAnswers;
let absent: AbsentProducts;
let counters: GatewayCounters;
let ready: ReadyProducts;
/** What the read model was asked for, by call, and what was kept. */
let asked: Identifier[][];
let kept: Identifier[];

beforeEach(() => open(bytesMax));

function open(heldBytesMax: number): void {
  asked = [];
  kept = [];
  model = createMemoryReadModel();
  const { readAnswers } = model;
  model.readAnswers = (ids) => {
    asked.push([...ids]);
    return readAnswers(ids);
  };
  const floors = createFloors();
  held = createHeldAnswers(heldBytesMax);
  absent = createAbsentProducts(floors, () => false, now);
  counters = createGatewayCounters();
  ready = createReadyProducts({
    stored: createStoredAnswers({ readModel: model, floors, versions: v, now, journal: silent }),
    wanted: () => ({ freshnessMs: 5_000, due: 0 }),
    moment: () => 0,
    held,
    absent,
    keep(product, _begun, _tookMs, { prepared, sequence, knownAt, validUntil }) {
      kept.push(product);
      return { prepared, source: "redis", sequence, knownAt, validUntil, degraded: false };
    },
    counters,
  });
}

async function store(product: Identifier): Promise<void> {
  const registers = ["product", "price", "inventory"] as const;
  const puts = registers.map((register) => ({ id: product, register, version: v(5), value: null }));
  await model.putRegisters([noPosition(partitionOfId(product))], puts);
  const partition = partitionOfId(product);
  await model.advance("catalog", [{ partition, from: undefined, to: v(5), headAt: now() }]);
  const stamp = (await model.readProducts([product]))[0]?.stamp;
  const stored = createStoredAnswers({
    readModel: model,
    floors: createFloors(),
    versions: v,
    now,
    journal: silent,
  });
  const found = { state: { id: product }, stamp, newest: 5 } as Found;
  stored.store(found, { prepared: prepare(`{"id":"${product}"}`), validUntil: undefined } as MadeAnswer);
}

type Heard = readonly [text: string | undefined, stored: string | undefined];
const serve = (product: Identifier) =>
  new Promise<Heard>((resolve) => {
    ready.serve(product, (served, stored) => resolve([served?.prepared.bytes.toString(), stored]));
  });
const fifty = (product: Identifier) => Promise.all(Array.from({ length: 50 }, () => serve(product)));

test("50 who want the same at once make one ask, and each is given it", async () => {
  await store(lamp);
  expect(await fifty(lamp)).toEqual(Array.from({ length: 50 }, () => ['{"id":"lamp"}', "none"]));
  expect(asked).toEqual([[lamp]]);
  expect([counters.ready, counters.misses]).toEqual([50, 50]);
  expect(kept).toEqual([lamp]);
});

test("50 who want what is not there make one ask, and each goes the longer way", async () => {
  expect(await fifty(lamp)).toEqual(Array.from({ length: 50 }, () => [undefined, "none"]));
  expect(asked).toEqual([[lamp]]);
  expect([counters.ready, counters.misses]).toEqual([0, 0]);
});

test("who comes after an answer has left asks anew", async () => {
  await serve(lamp);
  await serve(lamp);
  expect(asked).toEqual([[lamp], [lamp]]);
});

test("everybody hears that the store is away, and who comes later asks anew", async () => {
  const { readAnswers } = model;
  model.readAnswers = () => Promise.reject(new Error("away"));
  expect(await fifty(lamp)).toEqual(Array.from({ length: 50 }, () => [undefined, "away"]));
  model.readAnswers = readAnswers;
  await store(lamp);
  expect((await serve(lamp))[0]).toBe('{"id":"lamp"}');
});

test("what is held goes the longer way, at once and without an ask", async () => {
  await store(lamp);
  const answer = madeOf(lamp, { prepared: prepare("{}"), validUntil: undefined, sequence: 5, knownAt: 0 });
  held.put(lamp, { answer, moment: 0, shown: 5, tookMs: 1, touched: true, madeAt: 0, retryAt: 0 });
  const heard: unknown[] = [];
  ready.serve(lamp, (...told) => heard.push(told));
  expect([heard, asked]).toEqual([[[undefined, undefined]], []]);
});

test("what is known to be absent goes the longer way, at once and without an ask", () => {
  absent.add(lamp, 0, 0);
  const heard: unknown[] = [];
  ready.serve(lamp, (...told) => heard.push(told));
  expect([heard, asked]).toEqual([[[undefined, undefined]], []]);
});

test("what a full cache does not admit is given and not kept, the first time", async () => {
  open(0);
  await store(lamp);
  for (const times of [0, 1]) {
    expect((await serve(lamp))[0]).toBe('{"id":"lamp"}');
    expect(kept.length).toBe(times);
  }
});

test("who fails with what it is told does not keep it from the others", async () => {
  await store(lamp);
  const others = Promise.withResolvers<Served | undefined>();
  ready.serve(lamp, () => {
    throw new Error("defect");
  });
  ready.serve(lamp, (served) => others.resolve(served));
  expect((await others.promise)?.prepared.bytes.toString()).toBe('{"id":"lamp"}');
});

test("several at once come back in the order asked, with why the others did not", async () => {
  await store(lamp);
  const { served, stored } = await ready.serveAll([vase, lamp, vase]);
  expect(served.map((one) => one?.prepared.bytes.toString())).toEqual([
    undefined,
    '{"id":"lamp"}',
    undefined,
  ]);
  expect([stored, asked]).toEqual(["none", [[vase, lamp]]]);
});
