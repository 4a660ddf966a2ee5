import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import type { Heat } from "../../actors/hot/heat-word.ts";
import { aspects } from "../../projections/aspects.ts";
import { createRandom } from "../../bench/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { id } from "../streams/id.ts";
import { createOwners, type DayInput, type DayLine, dayStart, file } from "./recorded-day.ts";

/**
 * Records a day of hot products anew: `node test/hot/record-day.ts`. That is due when a decision changes on purpose.
 *
 * Twenty-four hours of one shop in simulated time, made from a seed: waves of readers, sales, drops of prices, what
 * operators want, changes, hours in which no tier answers, words that are lost, workers that come and go, and owners that
 * end.
 */
const seed = 20261127;
const dayMs = 24 * 3_600_000;
const minute = 60_000;
const random = createRandom(seed);
const below = (count: number) => Math.floor(random() * count);
const products = Array.from({ length: 40 }, (_, at) => id(at % 9 === 0 ? `DEAL ${at}` : `p-${at}`));
const someProduct = (): Identifier => products[below(products.length)] ?? id("p-1");

const agenda: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
let order = 0;
let now = dayStart;
const isSooner = (a: (typeof agenda)[number], b: (typeof agenda)[number]) =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

function plan(at: number, run: () => void): void {
  const one = { at: Math.max(now, at), order: order++, run };
  let [from, to] = [0, agenda.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isSooner(agenda[middle] ?? one, one)) to = middle;
    else from = middle + 1;
  }
  // The soonest is last.
  agenda.splice(from, 0, one);
}

const owners = createOwners();
const lines: DayLine[] = [];
let lastAt = dayStart;
let looking: number | undefined;
const versions = new Map<Identifier, number>();
const outages: { readonly from: number; readonly to: number }[] = [];
const isAway = () => outages.some(({ from, to }) => now >= from && now < to);
const living = new Set<string>();

function give(input: DayInput): void {
  lines.push([now - lastAt, input]);
  lastAt = now;
  for (const todo of owners.take(input, now)) {
    if (todo.kind === "load") plan(now + 5 + below(75), () => load(todo.id));
    if (todo.kind === "push") for (const by of living) confirm(by, todo.push);
  }
  const due = now + Math.max(1, Math.min(owners.waitMs(now), 2_000));
  if (looking !== undefined && looking <= due && looking > now) return;
  looking = due;
  plan(due, () => {
    if (looking === due) give({ kind: "time" });
  });
}

function load(product: Identifier): void {
  if (isAway()) give({ kind: "load failed", id: product });
  else give({ kind: "loaded", id: product, sequence: versions.get(product), isLarge: below(200) === 0 });
}

function confirm(by: string, push: number): void {
  if (below(50) === 0) return;
  plan(now + 2 + below(30), () => give({ kind: "held", word: { by, held: [push] } }));
}

let words = 0;
/** Readers of these products, through some workers, for a while. */
function wave(lengthMs: number): void {
  const wanted = Array.from({ length: 1 + below(4) }, () => [someProduct(), 20 + below(180)] as const);
  const until = now + lengthMs;
  for (let worker = 0; worker < 2 + below(3); worker++) {
    const by = `w-${worker}`;
    const say = () => {
      const isOver = now > until;
      const heats: readonly Heat[] = wanted.map(([key, rate]) => ({
        key,
        perSecond: Math.round(rate * (0.8 + 0.4 * random())),
      }));
      const told = { by, count: ++words, holds: true, callers: [], endpoints: [] };
      give({ kind: "heat", word: { ...told, products: isOver ? [] : heats } });
      if (now < until + 15_000) plan(now + 700 + below(200), say);
      else living.delete(by);
      if (!isOver) living.add(by);
    };
    plan(now + below(800), say);
  }
  for (let writes = below(30); writes > 0; writes--)
    plan(now + below(lengthMs), () => change(wanted[0]?.[0] ?? someProduct()));
}

/** A product that is written more often than it is read. */
function storm(): void {
  wave(30_000);
  const product = someProduct();
  const heats = [{ key: product, perSecond: 55 }];
  const say = (at: number) => () =>
    give({
      kind: "heat",
      word: {
        by: "busy",
        count: ++words,
        holds: true,
        products: at < 20 ? heats : [],
        callers: [],
        endpoints: [],
      },
    });
  for (let at = 0; at < 40; at++) plan(now + 800 * at, say(at));
  for (let writes = 0; writes < 1_000; writes++) plan(now + 2_000 + below(10_000), () => change(product));
}

let sequence = 100;
function change(product: Identifier, drops: readonly Identifier[] = []): void {
  versions.set(product, ++sequence);
  const touched = below(2) === 0 ? aspects.price : aspects.quantity;
  give({ kind: "change", products: below(40) === 0 ? undefined : [[product, touched]], drops });
}

const saleHead = (sale: Identifier) => ({
  id: sale,
  token: tokenOf(sale),
  partition: 0,
  sequence: ++sequence,
  loggedAt: now,
  at: now,
});

function schedule(sale: Identifier, starts_at: number, ends_at: number, sold: readonly Identifier[]): void {
  const items = sold.map((product_id) => ({ product_id, sale_price: { amount: 100, currency: "EUR" } }));
  give({
    kind: "sale",
    event: { kind: "sale.scheduled", ...saleHead(sale), data: { starts_at, ends_at, items } },
  });
}

for (const product of products.slice(2)) versions.set(product, ++sequence);
const sometime = () => dayStart + below(dayMs);
const times = (count: number, what: () => void) => {
  for (let at = 0; at < count; at++) what();
};
times(36, () => plan(sometime(), () => wave(20_000 + below(70_000))));
times(6, () => {
  const at = sometime();
  outages.push({ from: at, to: at + minute * (1 + below(4)) });
  plan(at - below(minute), () => wave(3 * minute));
  plan(at + minute / 4, () => wave(minute));
});
times(6, () => {
  const starts = sometime();
  const sale = id(`deal-${starts - dayStart}`);
  const sold = [someProduct(), someProduct(), someProduct()];
  const ends = starts + minute * (2 + below(8));
  plan(starts - below(3_600_000), () => schedule(sale, starts, ends, sold));
  if (below(2) === 0) plan(starts + minute, () => schedule(sale, starts, ends, sold.slice(1)));
  if (below(2) === 0)
    plan(starts + below(3 * minute), () =>
      give({ kind: "sale", event: { kind: "sale.cancelled", ...saleHead(sale), data: {} } }),
    );
});
times(8, () =>
  plan(sometime(), () => {
    const product = someProduct();
    change(product, [product]);
  }),
);
let command = 0;
times(8, () => {
  const product = someProduct();
  const at = sometime();
  const want = (wanted: "add" | "remove") =>
    give({ kind: "command", command: { command: wanted, at: now, product, sequence: ++command } });
  plan(at, () => want("add"));
  plan(at + minute * (2 + below(8)), () => want("remove"));
});
// One stands for longer than the stream may be silent of it.
plan(dayStart + 60 * minute, () =>
  give({ kind: "command", command: { command: "add", at: now, product: id("gone"), sequence: ++command } }),
);
times(2, () => plan(sometime(), storm));
times(20, () => plan(sometime(), () => give({ kind: "take-over" })));

for (let next = agenda.pop(); next !== undefined && next.at < dayStart + dayMs; next = agenda.pop()) {
  now = next.at;
  next.run();
}

mkdirSync(dirname(file("inputs")), { recursive: true });
const write = (name: "inputs" | "transitions", all: readonly string[]) =>
  writeFileSync(file(name), gzipSync(`${all.join("\n")}\n`, { level: 9 }));
write(
  "inputs",
  lines.map((line) => JSON.stringify(line)),
);
write("transitions", owners.written);
process.stdout.write(`${lines.length} inputs, ${owners.written.length} transitions\n`);
