import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  evolveReservation,
  givenOf,
  isReservationId,
  none,
  type Reservation,
  reservationOf,
} from "../../api/checkout/reservation.ts";
import {
  decodeReservationEvent,
  encodeReservationEvent,
  type ReservationEvent,
  type ReservationFact,
} from "../../streams/checkout-events.ts";
import { id } from "../streams/id.ts";
import { ann, bob, lamp, noon } from "./shop.ts";

const price = { amount: 1_999, currency: "GBP" };
const facts = {
  begun: {
    kind: "begun",
    body: "body",
    key: "key",
    lines: [{ product: lamp, quantity: 2, price, sale: null, seen: 3 }],
    until: noon + 600_000,
    attemptUntil: noon + 8_000,
  },
  resumed: { kind: "resumed", attemptUntil: noon + 16_000 },
  yielded: { kind: "yielded" },
  held: {
    kind: "answered",
    status: 201,
    body: { status: "held" },
    lines: [{ product: lamp, quantity: 2, price, sale: id("spring") }],
  },
  refused: { kind: "answered", status: 409, body: { detail: "short" }, lines: [] },
  confirmed: { kind: "confirmed", order: id("r1"), activity: 4 },
  cancelled: { kind: "cancelled" },
  expired: { kind: "expired" },
} as const satisfies Record<string, ReservationFact>;
type Name = keyof typeof facts;

/** Each event builds on the one that counted last, and is stored behind it. */
function given(...names: readonly Name[]): Reservation {
  let state: Reservation = none;
  for (const name of names) state = when(state, name);
  return state;
}

let stored = 0;
function when(state: Reservation, name: Name, after = state.sequence): Reservation {
  stored++;
  return evolveReservation(state, { ...facts[name], id: `e${stored}`, after, from: 1 }, stored);
}

describe("what becomes of a reservation", () => {
  test.each<[readonly Name[], string]>([
    [[], "none"],
    [["begun"], "begun"],
    [["begun", "resumed"], "begun"],
    [["begun", "yielded", "resumed"], "begun"],
    [["begun", "held"], "held"],
    [["begun", "refused"], "refused"],
    [["begun", "expired"], "expired"],
    [["begun", "resumed", "held", "confirmed"], "confirmed"],
    [["begun", "held", "cancelled"], "cancelled"],
    [["begun", "held", "expired"], "expired"],
  ])("given %j, it is %s", (names, stage) => {
    expect(given(...names).stage).toBe(stage);
  });

  test("given that it is confirmed, when its time is up, then it stays an order", () => {
    const confirmed = given("begun", "held", "confirmed");
    for (const name of Object.keys(facts) as Name[]) expect(when(confirmed, name)).toBe(confirmed);
  });

  test("given that it was refused, when somebody answers again, then the first answer stands", () => {
    const refused = given("begun", "refused");
    expect(when(refused, "held")).toBe(refused);
  });

  test("given that it was never answered, when somebody confirms or cancels, then nothing happens", () => {
    for (const names of [[], ["begun"]] as const) {
      const state = given(...names);
      for (const name of ["confirmed", "cancelled"] as const) expect(when(state, name)).toBe(state);
    }
  });

  test("given two who build on the same event, the earlier in the log counts and the later never does", () => {
    const held = given("begun", "held");
    const expired = when(held, "expired");
    expect(when(expired, "confirmed", held.sequence)).toBe(expired);
    const begun = given("begun");
    const resumed = when(begun, "resumed");
    expect(when(resumed, "held", begun.sequence)).toBe(resumed);
  });

  test("given that another attempt took over, then that one is under way, and is the second", () => {
    const state = given("begun", "yielded");
    expect(state).toMatchObject({ attempts: 1, attemptUntil: 0 });
    expect(when(state, "resumed")).toMatchObject({
      attempts: 2,
      attempt: `e${stored}`,
      attemptUntil: noon + 16_000,
    });
  });

  test("its buyer knows of it from the answer on, also when it has expired, and never of one that was refused", () => {
    for (const last of ["resumed", "refused", "expired"] as const)
      expect(givenOf(given("begun", last))).toBeUndefined();
    for (const last of ["confirmed", "cancelled", "expired"] as const)
      expect(givenOf(given("begun", "held", last))?.answer).toMatchObject({
        status: 201,
        body: { status: "held" },
      });
  });
});

const anyName = fc.constantFrom(...(Object.keys(facts) as Name[]));

test("any events, by any writers at once, in any order, repeated and delivered again: every reader has one state", () => {
  // Each writer builds on what it has read, which may be anything that was ever true, or on nothing that was.
  const write = fc.record({ name: anyName, behind: fc.nat(3), repeated: fc.boolean() });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 40 }), fc.nat(40), (writes, again) => {
      const log: ReservationEvent[] = [];
      const states: Reservation[] = [none];
      const counted: number[] = [];
      for (const { name, behind, repeated } of writes) {
        const after = states.at(-1 - behind)?.sequence ?? 0;
        const event = { ...facts[name], id: `e${log.length}`, after, from: 1 };
        for (const each of repeated ? [event, event] : [event]) {
          log.push(each);
          const before = states.at(-1) ?? none;
          const state = evolveReservation(before, each, log.length);
          if (state === before) continue;
          expect(each.after).toBe(before.sequence);
          expect(state.sequence).toBe(log.length);
          counted.push(each.after);
          states.push(state);
        }
      }
      // No two that counted build on the same.
      expect(new Set(counted).size).toBe(counted.length);
      const first = states.at(-1);
      let second: Reservation = none;
      // A reader to whom a part is delivered again.
      const order = [...log.keys(), ...[...log.keys()].slice(-again), ...log.keys()];
      for (const at of order) {
        const event = decodeReservationEvent(encodeReservationEvent(log[at] as ReservationEvent));
        if (event !== undefined) second = evolveReservation(second, event, at + 1);
      }
      expect(second).toEqual(first);
    }),
    { numRuns: 500 },
  );
});

describe("the storage format", () => {
  test("every event is read as it was written", () => {
    for (const fact of Object.values(facts)) {
      const event = { ...fact, id: "e1", after: 3, from: 1 };
      expect(decodeReservationEvent(encodeReservationEvent(event))).toEqual(event);
    }
  });

  test("is what it has always been", () => {
    const texts = (["begun", "held", "confirmed"] as const).map((name) =>
      encodeReservationEvent({ ...facts[name], id: "e1", after: 0, from: 1 }).toString(),
    );
    expect(texts).toEqual([
      '{"v":1,"kind":"begun","id":"e1","after":0,"from":1,"body":"body","key":"key","until":1795435800000,"attempt_until":1795435208000,"lines":[{"product_id":"lamp","quantity":2,"price":{"amount":1999,"currency":"GBP"},"sale":null,"seen":3}]}',
      '{"v":1,"kind":"answered","id":"e1","after":0,"from":1,"status":201,"body":{"status":"held"},"lines":[{"product_id":"lamp","quantity":2,"price":{"amount":1999,"currency":"GBP"},"sale":"spring"}]}',
      '{"v":1,"kind":"confirmed","id":"e1","after":0,"from":1,"order_id":"r1","activity":4}',
    ]);
  });

  test("what is anything else is no event, and nothing throws", () => {
    const whole = Object.values(facts).map((fact) =>
      encodeReservationEvent({ ...fact, id: "e1", after: 3, from: 1 }),
    );
    for (const bytes of whole) {
      for (let end = 0; end < bytes.length; end++)
        expect(decodeReservationEvent(bytes.subarray(0, end))).toBeUndefined();
    }
    const wrong = fc.oneof(fc.jsonValue(), fc.constant(Number.NaN), fc.constant(-1), fc.constant(0.5));
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.nat(), wrong, (bytes, which, value) => {
        const event = JSON.parse(bytes.toString()) as Record<string, unknown>;
        const names = Object.keys(event);
        const name = names[which % names.length] ?? "v";
        const { [name]: right, ...others } = event;
        expect(decodeReservationEvent(Buffer.from(JSON.stringify(others)))).toBeUndefined();
        const decoded = decodeReservationEvent(Buffer.from(JSON.stringify({ ...event, [name]: value })));
        // A value that may stand there is read as it is; any other makes it no event.
        if (decoded !== undefined) expect(typeof value).toBe(typeof right);
      }),
      { numRuns: 2_000 },
    );
    expect(decodeReservationEvent(Buffer.from([0xff, 0xfe]))).toBeUndefined();
    expect(decodeReservationEvent(Buffer.from("[".repeat(100_000)))).toBeUndefined();
  });
});

test("a user and a key are one reservation, and no others are", () => {
  const names = [
    reservationOf(ann, "k"),
    reservationOf(ann, "l"),
    reservationOf(bob, "k"),
    reservationOf(id("an"), "nk"),
  ];
  expect(names.every(isReservationId)).toBe(true);
  expect(new Set(names).size).toBe(4);
  expect(reservationOf(ann, "k")).toBe(names[0]);
  // printf 'ann\0k' | sha256sum | cut -c -64 | xxd -r -p | base32
  expect(names[0]).toBe("r5o7lfzwxs3xiq57zsn3jmzzgwc");
});
