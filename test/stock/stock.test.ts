import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { draftCommit } from "../../actors/stock/commit-draft.ts";
import { availableOf, emptyStock, endedMs, evolveStock, type Stock } from "../../actors/stock/stock.ts";
import type { HoldRequest } from "../../actors/stock/stock-port.ts";
import { type Commit, decodeCommit, encodeCommit, howEnded } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";

/** What commits mean: given these, what is there, and for whom. */

const [mug, jug] = [id("mug"), id("BANK CHARGES")];
const [ann, ben] = [id("ann"), id("ben")];

const nothing = { counts: [], forgets: [], ends: [], holds: [] };
const counted = (quantity: number, sequence = 1, product = mug) => ({ product, quantity, sequence });
const hold = (reservation: string, quantity: number, product = mug, sale: typeof mug | null = null) => ({
  reservation,
  taking: 0,
  buyer: ann,
  until: 1_000,
  items: [{ product, quantity, sale }],
});

/** Each commit builds on the one before it, unless it says otherwise. */
function given(...commits: readonly (Partial<Commit> & { readonly time?: number })[]) {
  const stock = emptyStock();
  const held = commits.map((commit, at) => {
    const { time = 0, ...said } = commit;
    const whole = { ...nothing, id: `c${at}`, after: stock.sequence, ...said };
    return evolveStock(stock, whole, { sequence: at + 1, time })?.held;
  });
  return { stock, held };
}

/** As text, so that a list of ended ones is compared in its order. */
const textOf = ({ sequence, products, open, ended }: Stock) =>
  JSON.stringify([sequence, [...products].sort(), [...open].sort(), [...ended]]);

describe("the fold", () => {
  test("what was counted can be bought, less what is on hold", () => {
    const { stock, held } = given({
      counts: [counted(3)],
      holds: [hold("a", 2), hold("b", 2), hold("c", 1)],
    });
    expect(held).toEqual([[true, false, true]]);
    expect(availableOf(stock, mug)).toBe(0);
  });

  test("a hold of several products takes all or nothing", () => {
    const both = {
      ...hold("a", 1),
      items: [mug, jug].map((product) => ({ product, quantity: 1, sale: null })),
    };
    const { stock, held } = given({ counts: [counted(5), counted(0, 1, jug)], holds: [both] });
    expect(held).toEqual([[false]]);
    expect(availableOf(stock, mug)).toBe(5);
  });

  test("of two commits on the same one the earlier counts, the later never", () => {
    const { stock, held } = given(
      { counts: [counted(1)] },
      { after: 1, holds: [hold("a", 1)] },
      { after: 1, holds: [hold("b", 1)] },
      { after: 2, ends: [{ reservation: "a", taking: 0, how: "cancelled" }] },
    );
    expect(held).toEqual([[], [true], undefined, []]);
    expect([stock.open.size, availableOf(stock, mug)]).toEqual([0, 1]);
  });

  test.each([
    ["sold", 3],
    ["cancelled", 5],
    ["expired", 5],
  ] as const)("units that were %s leave %i", (how, left) => {
    const { stock } = given(
      { counts: [counted(5)], holds: [hold("a", 2)] },
      { ends: [{ reservation: "a", taking: 0, how }] },
    );
    expect(availableOf(stock, mug)).toBe(left);
    expect(stock.products.get(mug)?.held).toBe(0);
  });

  test("a reservation is taken once, also behind its end, until that is long ago", () => {
    const over = { ends: [{ reservation: "a", taking: 0, how: "cancelled" }], time: 1 } as const;
    const again = { holds: [hold("a", 1)] };
    const { held } = given(
      { counts: [counted(5)], ...again },
      again,
      over,
      { ...again, time: endedMs },
      {
        ...again,
        time: endedMs + 1,
      },
    );
    expect(held).toEqual([[true], [false], [], [false], [true]]);
  });

  test("what was ended before it was taken is not taken", () => {
    const { held } = given(
      {
        counts: [counted(5)],
        ends: [{ reservation: "a", taking: 0, how: "cancelled" }],
        holds: [hold("a", 1)],
      },
      { holds: [hold("a", 1), hold("b", 1)] },
    );
    expect(held).toEqual([[false], [false, true]]);
  });

  test("a new count holds with the units on hold; the same count again gives nothing back", () => {
    const sold = { ends: [{ reservation: "a", taking: 0, how: "sold" }] } as const;
    const { stock } = given({ counts: [counted(5)], holds: [hold("a", 2)] }, sold, { counts: [counted(5)] });
    expect(availableOf(stock, mug)).toBe(3);
    evolveStock(
      stock,
      { ...nothing, id: "x", after: 3, counts: [counted(9, 2)], holds: [hold("b", 4)] },
      { sequence: 4, time: 0 },
    );
    expect(availableOf(stock, mug)).toBe(5);
    evolveStock(stock, { ...nothing, id: "y", after: 4, counts: [counted(8, 1)] }, { sequence: 5, time: 0 });
    expect(availableOf(stock, mug)).toBe(5);
  });

  test("a count below what is on hold leaves nothing, and takes nothing from anybody", () => {
    const { stock } = given({ counts: [counted(5)], holds: [hold("a", 4)] }, { counts: [counted(1, 2)] });
    expect([availableOf(stock, mug), stock.open.size]).toEqual([0, 1]);
    evolveStock(
      stock,
      { ...nothing, id: "x", after: 2, ends: [{ reservation: "a", taking: 0, how: "sold" }] },
      { sequence: 3, time: 0 },
    );
    expect(stock.products.get(mug)).toEqual({ onHand: 0, held: 0, counted: 2, at: 0 });
  });

  test("what is forgotten is not there until it is counted, but not while any of it is on hold", () => {
    const forgets = [mug];
    const { stock, held } = given(
      { counts: [counted(5)], holds: [hold("a", 1)] },
      { forgets },
      { ends: [{ reservation: "a", taking: 0, how: "sold" }] },
      { forgets, holds: [hold("b", 1)] },
      { counts: [counted(4, 2)], holds: [hold("c", 4)] },
    );
    expect(held).toEqual([[true], [], [], [false], [true]]);
    expect(stock.products.size).toBe(1);
  });

  test("what was sold at once is no commit that anybody can write twice", () => {
    const commit = { ...nothing, id: "x", after: 0, counts: [counted(1)] };
    const stock = emptyStock();
    expect(evolveStock(stock, commit, { sequence: 5, time: 0 })).toEqual({ held: [] });
    expect(evolveStock(stock, { ...commit, after: 5 }, { sequence: 5, time: 0 })).toBeUndefined();
  });
});

const product = fc.constantFrom(mug, jug, id("röd-stol"));
const reservation = fc.constantFrom(..."abcdefgh");
const small = fc.integer({ min: 1, max: 4 });
const item = fc.record({ product, quantity: small, sale: fc.constantFrom(null, id("friday")) });
const taking = fc.constantFrom(0, 0, 1, 2);
const items = fc.uniqueArray(item, { minLength: 1, maxLength: 3, selector: (one) => one.product });
const buyer = fc.constantFrom(ann, ben);
const commit = fc.record({
  id: fc.string(),
  /** How many commits back it builds: 0 mostly, for then it counts. */
  after: fc.constantFrom(0, 0, 0, 0, 1, 2),
  counts: fc.array(fc.record({ product, quantity: fc.nat(9), sequence: fc.nat(9) }), { maxLength: 2 }),
  forgets: fc.array(product, { maxLength: 1 }),
  ends: fc.array(fc.record({ reservation, taking, how: fc.constantFrom(...howEnded) }), { maxLength: 2 }),
  holds: fc.array(fc.record({ reservation, taking, buyer, until: fc.nat(), items }), { maxLength: 3 }),
});

/** The messages of a log, with commits on the last one or on an older one. */
function logOf(commits: readonly Commit[]) {
  const counted = [0];
  const stock = emptyStock();
  return commits.map((each, at) => {
    const after = counted[Math.max(0, counted.length - 1 - each.after)] ?? 0;
    const message = { sequence: at + 1, time: at * 100_000, payload: encodeCommit({ ...each, after }) };
    const applied = evolveStock(stock, { ...each, after }, message);
    if (applied !== undefined) counted.push(message.sequence);
    return message;
  });
}

describe("properties", () => {
  test("what is written is read", () => {
    fc.assert(
      fc.property(commit, (each) => {
        expect(decodeCommit({ payload: encodeCommit(each) })).toEqual(each);
      }),
    );
  });

  test("whatever bytes stand on the subject, they are a commit or nothing", () => {
    const hostile = fc.oneof(fc.json().map(Buffer.from), fc.uint8Array().map(Buffer.from));
    fc.assert(
      fc.property(hostile, (payload) => {
        expect(decodeCommit({ payload })).toBeUndefined();
      }),
    );
  });

  test("a commit with one thing in it that cannot be is none", () => {
    const good = JSON.parse(
      encodeCommit({
        ...nothing,
        id: "x",
        after: 0,
        counts: [counted(1)],
        ends: [{ reservation: "a", taking: 0, how: "sold" }],
        holds: [hold("b", 1, mug, jug)],
      }).toString(),
    ) as object;
    const broken = [
      { v: 2 },
      { id: 5 },
      { after: -1 },
      { after: 1.5 },
      { counts: [["mug", -1, 1]] },
      { counts: [["mug", 1]] },
      { counts: [["", 1, 1]] },
      { forgets: ["."] },
      { ends: [["a", "stolen"]] },
      { holds: [["b", "ann", 1, []]] },
      { holds: [["b", "ann", 1, [["mug", 0, null]]]] },
      { holds: [["b", "ann", 1, [["mug", 1, 5]]]] },
      {
        holds: [
          [
            "b",
            "ann",
            1,
            [
              ["mug", 1, null],
              ["mug", 1, null],
            ],
          ],
        ],
      },
      { holds: [["b", "ann", "soon", [["mug", 1, null]]]] },
      { holds: undefined },
    ];
    const read = (value: object) => decodeCommit({ payload: Buffer.from(JSON.stringify(value)) });
    expect(read(good)).toBeDefined();
    expect(broken.filter((each) => read({ ...good, ...each }) !== undefined)).toEqual([]);
  });

  test("units on hold are those of open holds, and never more than were there when they were taken", () => {
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 40 }), (commits) => {
        const stock = emptyStock();
        for (const message of logOf(commits)) {
          const said = decodeCommit(message);
          if (said === undefined) throw new Error("no commit");
          const before = new Map([...stock.products].map(([key, { held }]) => [key, held]));
          const applied = evolveStock(stock, said, message);
          const held = new Map<string, number>();
          for (const open of stock.open.values())
            for (const one of open.items) held.set(one.product, (held.get(one.product) ?? 0) + one.quantity);
          for (const [key, known] of stock.products) {
            expect(known.held).toBe(held.get(key) ?? 0);
            if (known.held > (before.get(key) ?? 0) && applied !== undefined)
              expect(known.held).toBeLessThanOrEqual(known.onHand);
          }
          const limited = [...stock.open.values()].filter((open) =>
            open.items.some(({ sale }) => sale !== null),
          );
          expect(new Set([...stock.limited.values()].flatMap((own) => [...own]))).toEqual(new Set(limited));
        }
      }),
    );
  });

  test("any message again, and any start from the beginning, changes nothing", () => {
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 30 }), fc.infiniteStream(fc.nat(5)), (commits, again) => {
        const messages = logOf(commits);
        const [once, twice] = [emptyStock(), emptyStock()];
        for (const [at, message] of messages.entries()) {
          evolveStock(once, decodeCommit(message) as Commit, message);
          const from = Math.max(0, at - (again.next().value as number));
          for (const each of messages.slice(from, at + 1))
            evolveStock(twice, decodeCommit(each) as Commit, each);
        }
        expect(textOf(twice)).toBe(textOf(once));
      }),
    );
  });

  const line = fc.record({ product, quantity: small, seen: fc.constant(0), isLimited: fc.boolean() });
  const request = fc
    .record({
      reservation: fc.constantFrom(..."abcdefghijkl"),
      taking,
      buyer,
      until: fc.nat(),
      lines: fc.uniqueArray(line, { minLength: 1, maxLength: 3, selector: (one) => one.product }),
    })
    .map(
      ({ lines, ...rest }): HoldRequest => ({
        ...rest,
        lines: lines.map(({ isLimited, ...each }) => ({
          ...each,
          ...(isLimited && { limit: { sale: id("friday"), units: 4, known: [["a", 1]] as const } }),
        })),
      }),
    );

  test("everything in a draft counts when its commit does, and who was refused would not have had it", () => {
    fc.assert(
      fc.property(
        fc.array(commit, { maxLength: 15 }),
        fc.array(fc.record({ product, quantity: fc.nat(9), sequence: fc.nat(20) }), { maxLength: 3 }),
        fc.array(fc.record({ reservation, taking, how: fc.constantFrom(...howEnded) }), { maxLength: 4 }),
        fc.array(request, { maxLength: 12 }),
        (commits, counts, ends, requests) => {
          const stock = emptyStock();
          for (const message of logOf(commits)) evolveStock(stock, decodeCommit(message) as Commit, message);
          const draft = draftCommit(stock);
          for (const each of counts) draft.count({ ...each, own: false });
          for (const end of ends) draft.end(end);
          const answers = requests.map((each) => draft.hold(each));
          const said = draft.commit("draft");
          if (said !== undefined)
            expect(evolveStock(stock, said, { sequence: 1_000, time: 0 })?.held.every(Boolean)).toBe(true);
          for (const [at, { outcome, ...rest }] of answers.entries()) {
            const { reservation: name, taking: which } = requests[at] as HoldRequest;
            const standing = stock.open.get(name)?.taking;
            if (outcome === "held") expect(standing).toBe(which);
            if (outcome === "ended") expect(standing).not.toBe(which);
            if (outcome === "short" && at === answers.length - 1)
              for (const short of (rest as Extract<typeof rest, { lines: unknown }>).lines)
                expect(short).toEqual({
                  product: short.product,
                  available: availableOf(stock, short.product),
                });
          }
        },
      ),
    );
  });
});

test("a keeper's word is a count of what the state lacks, and of nothing else", () => {
  const word = { ...counted(7, 9), own: true };
  const unknown = draftCommit(emptyStock());
  unknown.count(word);
  expect(unknown.commit("x")?.counts).toEqual([counted(7, 9)]);
  const { stock } = given({ counts: [counted(100)], holds: [hold("a", 30)] });
  const standing = draftCommit(stock);
  standing.count(word);
  expect(standing.commit("x")).toBeUndefined();
});

describe("purchase limits", () => {
  const friday = id("friday");
  const wanted = (name: string, quantity: number, known: readonly (readonly [string, number])[] = []) => ({
    reservation: name,
    taking: 0,
    buyer: ann,
    until: 1,
    lines: [{ product: mug, quantity, seen: 0, limit: { sale: friday, units: 3, known } }],
  });

  test("count what the buyer has on hold here, in this commit and elsewhere, each reservation once", () => {
    const { stock } = given({ counts: [counted(50)], holds: [hold("a", 1, mug, friday)] });
    const draft = draftCommit(stock);
    expect(draft.hold(wanted("b", 1, [["a", 1]]))).toEqual({ outcome: "held" });
    expect(draft.hold(wanted("c", 2))).toEqual({ outcome: "over-limit", lines: [{ product: mug, left: 1 }] });
    expect(draft.hold(wanted("c", 1, [["sold long ago", 1]]))).toMatchObject({ lines: [{ left: 0 }] });
    expect(draft.hold(wanted("c", 1))).toEqual({ outcome: "held" });
    expect(draft.hold({ ...wanted("d", 3), buyer: ben })).toEqual({ outcome: "held" });
  });

  test("what was given back counts no more, also where the asker does not know of it yet", () => {
    const ended = (how: (typeof howEnded)[number]) => {
      const { stock } = given(
        { counts: [counted(50)], holds: [hold("a", 3, mug, friday)] },
        { ends: [{ reservation: "a", taking: 0, how }] },
      );
      return draftCommit(stock).hold(wanted("b", 1, [["a", 3]])).outcome;
    };
    expect(howEnded.map(ended)).toEqual(["over-limit", "held", "held"]);
  });
});
