import { expect, test } from "vitest";
import { tokenOf } from "../../streams/identifier.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { foldPrefixes, type Prefixes } from "../stock/prefixes.ts";
import { id } from "../streams/id.ts";
import { readCatalogStock } from "./catalog-stock.ts";
import { everyAttempt, everyCount, everyPrefix, lastUnits, subjectOf } from "./checks.ts";
import type { Asked } from "./ledger.ts";
import { readReturns } from "./returns.ts";

/** Each check of a trial, by a story in which all is as it must be, and what it finds when a part of that is not so. */

const mug = id("mug");
const pot = id("pot");

type Items = readonly (readonly [product: string, quantity: number])[];

interface Story {
  /** Of CATALOG. */
  events: [product: string, payload: object][];
  /** Of STOCK, each of the partition of its first product. */
  commits: [product: typeof mug, commit: object][];
  asked: Asked[];
  orders: string[];
  /** Of CHECKOUT, with the event that each builds on. */
  records: [reservation: string, kind: string, after: number][];
}

const counted = (product: string, quantity: number, event: number) => ({
  counts: [[product, quantity, event]],
});
const held = (name: string, items: Items, taking = 0) => ({
  holds: [[name, taking, "ann", 0, items.map((item) => [...item, null])]],
});
const ended = (name: string, how: string, taking = 0) => ({ ends: [[name, taking, how]] });
const lines = (items: Items) => items.map(([product, quantity]) => ({ product: id(product), quantity }));
const one: Items = [["mug", 1]];

/** Ann buys a mug and a pot, Bob thinks better of it, Fay forgets hers, Cid gets the last mug and Dan none. */
const asItMustBe = (): Story => ({
  events: [
    ["mug", { new_quantity: 2 }],
    ["pot", { new_quantity: 1 }],
    ["mug", { new_quantity: 1, reason: "reservation", stock: "7/1" }],
  ],
  commits: [
    [mug, { ...counted("mug", 2, 1), ...held("ann", one) }],
    [pot, { ...counted("pot", 1, 2), ...held("ann", [["pot", 1]]) }],
    [mug, ended("ann", "sold")],
    [pot, ended("ann", "sold")],
    [mug, held("bob", one)],
    [mug, ended("bob", "cancelled")],
    [mug, held("fay", one)],
    [mug, ended("fay", "expired")],
    [mug, held("cid", one)],
    [mug, ended("cid", "sold")],
  ],
  asked: [
    { reservation: "ann", lines: lines([...one, ["pot", 1]]), outcome: "sold" },
    { reservation: "bob", lines: lines(one), outcome: "cancelled" },
    { reservation: "cid", lines: lines(one), outcome: "sold" },
    { reservation: "dan", lines: lines(one), outcome: "refused" },
    { reservation: "fay", lines: lines(one), outcome: "left" },
  ],
  orders: ["ann", "cid"],
  records: [],
});

/** The names of the checks that have found something. */
async function foundIn({ events, commits, asked, orders, records }: Story): Promise<readonly string[]> {
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => 0 });
  for (const [product, payload] of events)
    await catalog.append(`catalog.inventory.changed.${product}`, Buffer.from(JSON.stringify(payload)));
  const partitions = new Map<string, Prefixes>();
  const last = new Map<string, number>();
  for (const [at, [product, commit]] of commits.entries()) {
    const subject = subjectOf({ product });
    const prefixes = partitions.get(subject) ?? foldPrefixes();
    partitions.set(subject, prefixes);
    const whole = { after: last.get(subject) ?? 0, counts: [], forgets: [], ends: [], holds: [], ...commit };
    prefixes.take({ sequence: at + 1, time: 0, subject, payload: Buffer.from(JSON.stringify(whole)) });
    last.set(subject, at + 1);
  }
  const reading = { partitions, messages: () => commits.length, untilNothingIsHeld: async () => [] };
  const said = await readCatalogStock(catalog, reading);
  const checkout = createMemoryLog({ stream: "CHECKOUT", now: () => 0 });
  for (const [reservation, kind, after] of records)
    await checkout.append(`checkout.x.${reservation}`, Buffer.from(JSON.stringify({ kind, after })));
  const returns = await readReturns(checkout);
  const placed = new Map(orders.map((order) => [order, orders.filter((each) => each === order).length]));
  const checks = [
    everyPrefix(reading),
    everyCount(reading, said),
    ...everyAttempt([{ placesOrders: true, asked: () => asked }], reading, placed, returns),
    lastUnits([mug, pot], reading, said),
  ];
  for (const { name, looked } of checks) expect([name, looked]).not.toEqual([name, 0]);
  return checks.filter(({ wrong }) => wrong.count > 0).map(({ name }) => name);
}

const prefix = "held and sold are never more than there is, at any prefix of the log";
const origin = "what is counted is what a system of record has said, never a keeper's own word";
const known = "every attempt came to an answer";
const promised =
  "each reservation that was promised stands in one event of each of its partitions, with all its lines";
const refused = "none that was refused has taken anything that it did not give back, and not all of it";
const sold = "each that was confirmed is sold";
const given = "each that was cancelled or left is given back";
const requested = "all that stands in the log was asked for";
const ordered = "each that was confirmed is one order, and no other is one";
const lastSold = "the last unit of every product is sold, of those that were counted last";

/** Eve had a mug and a pot on hold before anybody else had, and is refused. */
function refuseEveAll({ commits, asked }: Story, taking = 0): void {
  const pots: Items = [["pot", 1]];
  commits.splice(
    0,
    2,
    [mug, { ...counted("mug", 2, 1), ...held("eve", one, taking) }],
    [pot, { ...counted("pot", 1, 2), ...held("eve", pots, taking) }],
    [mug, ended("eve", "cancelled", taking)],
    [pot, ended("eve", "cancelled", taking)],
    [mug, held("ann", one)],
    [pot, held("ann", pots)],
  );
  asked.push({ reservation: "eve", lines: lines([...one, ...pots]), outcome: "refused" });
}

const stories: readonly [string, (story: Story) => void, readonly string[]][] = [
  ["all is as it must be", () => {}, []],
  [
    "the fold takes what is not there",
    ({ commits, asked }) => {
      commits.push([mug, held("eve", one)], [mug, ended("eve", "cancelled")]);
      asked.push({ reservation: "eve", lines: lines(one), outcome: "cancelled" });
    },
    [prefix],
  ],
  ["an answer comes before the log", ({ commits }) => void commits.splice(4, 2), [promised, given]],
  [
    "a part of a cart is promised as the whole",
    ({ commits }) => void commits.splice(1, 3, [pot, counted("pot", 1, 2)], [mug, ended("ann", "sold")]),
    [promised, sold, lastSold],
  ],
  [
    "a reservation is taken twice",
    ({ commits }) => void commits.splice(4, 0, [mug, held("ann", one)], [mug, ended("ann", "cancelled")]),
    [promised, sold],
  ],
  [
    "what was given back is taken anew",
    ({ commits }) => {
      commits[4] = [mug, held("bob", one)];
      commits.splice(6, 0, [mug, held("bob", one, 1)], [mug, ended("bob", "cancelled", 1)]);
    },
    [],
  ],
  [
    "other units are taken",
    ({ commits }) => void (commits[4] = [mug, held("bob", [["mug", 2]])]),
    [prefix, promised],
  ],
  [
    "who was refused has something",
    ({ asked }) => void (asked[1] = { reservation: "bob", lines: lines(one), outcome: "refused" }),
    [refused],
  ],
  ["all was taken for one who was refused", (story) => refuseEveAll(story), [refused]],
  [
    "an answer was lost, and when it was taken anew somebody else had some",
    (story) => {
      refuseEveAll(story);
      story.records = [
        ["eve", "begun", 0],
        ["account", "returned", 0],
        ["eve", "returned", 1],
        ["eve", "answered", 3],
      ];
    },
    [],
  ],
  [
    "all was taken anew for one who was refused",
    (story) => {
      refuseEveAll(story, 1);
      story.records = [
        ["eve", "begun", 0],
        ["eve", "returned", 1],
        ["eve", "answered", 2],
      ];
    },
    [refused],
  ],
  [
    "it was given back by who had no part in it any more",
    (story) => {
      refuseEveAll(story);
      story.records = [
        ["eve", "begun", 0],
        ["eve", "answered", 1],
        ["eve", "returned", 1],
        ["eve", "returned", 2],
      ];
    },
    [refused],
  ],
  [
    "one is without an answer",
    ({ asked }) => void asked.push({ ...asked[3], outcome: "unknown" } as Asked),
    [known],
  ],
  [
    "one is sold that was cancelled",
    ({ commits }) => void (commits[5] = [mug, ended("bob", "sold")]),
    [prefix, given, lastSold],
  ],
  ["nobody asked for it", ({ asked }) => void asked.splice(1, 1), [requested]],
  ["an order is placed twice", ({ orders }) => void orders.push("ann"), [ordered]],
  ["an order is missing", ({ orders }) => void orders.pop(), [ordered]],
  ["an order is nobody's", ({ orders }) => void orders.push("bob"), [ordered]],
  [
    "the last unit stays",
    ({ commits, asked, orders }) => {
      commits.splice(8);
      asked.splice(2, 1);
      orders.pop();
    },
    [lastSold],
  ],
  [
    "a keeper's word is a count",
    ({ commits }) => void commits.push([mug, counted("mug", 1, 3)]),
    [origin, lastSold],
  ],
  [
    "a count is of another number",
    ({ commits }) => void (commits[1] = [pot, { ...counted("pot", 9, 2), ...held("ann", [["pot", 1]]) }]),
    [origin, lastSold],
  ],
  ["a count does not come in", ({ events }) => void events.push(["pot", { new_quantity: 0 }]), [lastSold]],
  [
    "one comes in, and it is forgotten and counted by a keeper's word again",
    ({ events, commits }) => {
      events.push(["pot", { new_quantity: 0 }], ["pot", { new_quantity: 0, stock: "7/9" }]);
      commits.push([pot, counted("pot", 0, 4)], [pot, { forgets: ["pot"] }], [pot, counted("pot", 0, 5)]);
    },
    [lastSold],
  ],
];

test.each(stories)("%s", async (_, change, names) => {
  expect(partitionOf(tokenOf(mug))).not.toBe(partitionOf(tokenOf(pot)));
  const story = asItMustBe();
  change(story);
  expect(await foundIn(story)).toEqual(names);
});
