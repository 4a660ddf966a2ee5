import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { answerStock, askStock } from "../../actors/stock/stock-asking.ts";
import type { HoldAnswer, HoldLine, HoldRequest } from "../../actors/stock/stock-port.ts";
import {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  holdLinesMax,
  type StockAnswer,
  type StockQuestion,
} from "../../actors/stock/stock-words.ts";
import type { Asking } from "../../streams/asking.ts";
import { type Identifier, parseIdentifier, tokenOf } from "../../streams/identifier.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { createMemoryAsking } from "../../streams/memory-asking.ts";
import { partitionOf } from "../../streams/partition.ts";
import { type End, howEnded } from "../../streams/stock-commit.ts";
import { id } from "../streams/id.ts";
import { quiet } from "./world.ts";

/** A keeper is asked from another process as if it were in this one; what anybody else says on its topic is nothing. */

const lamp = id("lamp");
const kept = partitionOf(tokenOf(lamp));
const line = (more: Partial<HoldLine> = {}): HoldLine => ({ product: lamp, quantity: 1, seen: 0, ...more });
const request = (...lines: readonly HoldLine[]): HoldRequest => ({
  reservation: "r-1",
  taking: 0,
  buyer: id("ann"),
  until: 1_700_000_600_000,
  lines,
});

// Whatever may be said

const identifier = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .map((text) => parseIdentifier(text.normalize("NFC")))
  .filter((text): text is Identifier => text !== undefined);
const name = fc.string({ minLength: 1, maxLength: 128 });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const lines = <Line extends { readonly product: Identifier }>(each: fc.Arbitrary<Line>) =>
  fc.uniqueArray(each, { minLength: 1, maxLength: 8, selector: ({ product }) => product });
const limit = fc.record({
  sale: identifier,
  units: count,
  known: fc.array(fc.tuple(name, count), { maxLength: 3 }),
});
const holdLine = fc.record(
  { product: identifier, quantity: fc.integer({ min: 1 }), seen: count, limit },
  { requiredKeys: ["product", "quantity", "seen"] },
);
const holdRequest: fc.Arbitrary<HoldRequest> = fc.record({
  reservation: name,
  taking: count,
  buyer: identifier,
  until: count,
  lines: lines(holdLine),
});
const how = fc.constantFrom(...howEnded);
const question: fc.Arbitrary<StockQuestion> = fc.oneof(
  fc.record({ hold: holdRequest }),
  fc.record({ end: fc.record({ reservation: name, taking: count, how }) }),
);
const holdAnswer: fc.Arbitrary<HoldAnswer> = fc.oneof(
  fc.record({ outcome: fc.constantFrom("held" as const, "busy" as const) }),
  fc.record({
    outcome: fc.constant("short" as const),
    lines: lines(fc.record({ product: identifier, available: count })),
  }),
  fc.record({
    outcome: fc.constant("over-limit" as const),
    lines: lines(fc.record({ product: identifier, left: count })),
  }),
  fc.record({ outcome: fc.constant("ended" as const), how }),
);
const answer: fc.Arbitrary<StockAnswer> = fc.oneof(
  fc.record({ hold: holdAnswer }),
  fc.record({ end: fc.constant("done" as const) }),
  fc.record({ unavailable: fc.string() }),
);

describe("words between who wants stock and its keeper", () => {
  test("are heard as they were said", () => {
    fc.assert(
      fc.property(question, (said) => {
        expect(decodeQuestion(encodeQuestion(said))).toEqual(said);
      }),
    );
    fc.assert(
      fc.property(answer, (said) => {
        expect(decodeAnswer(encodeAnswer(said))).toEqual(said);
      }),
    );
  });

  test("are nothing where they are anything else, and nobody falls over them", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.json().map((text) => Buffer.from(text)),
      question.map(encodeQuestion).chain(cutShort),
      answer.map(encodeAnswer).chain(cutShort),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        expect([decodeQuestion(bytes), decodeAnswer(bytes)]).toEqual([undefined, undefined]);
      }),
    );
  });

  const whole = '{"product":"lamp","quantity":1,"seen":0}';
  const broken: readonly (readonly [string, string, string])[] = [
    ["another version", '"v":1', '"v":2'],
    ["two things said at once", '"v":1', '"v":1,"end":{"reservation":"r-1","how":"sold"}'],
    ["no name", '"r-1"', '""'],
    ["too long a name", '"r-1"', `"${"r".repeat(129)}"`],
    ["a buyer that is no identifier", '"ann"', '"a\\u0000"'],
    ["half of a character", '"ann"', '"a\\ud800"'],
    ["a time that is none", '"until":1700000600000', '"until":1.5'],
    ["a line that is null", '"lines":[', '"lines":[null,'],
    ["one product twice", '"lines":[', `"lines":[${whole},`],
    ["lines that are no list", '"lines":[', `"lines":${whole},"more":[`],
    ["no lines", '"lines":[', '"lines":[],"more":['],
    ["a product that is no identifier", '"lamp"', '".."'],
    ["no units", '"quantity":1', '"quantity":0'],
    ["units to give back", '"quantity":1', '"quantity":-1'],
    ["a part of a unit", '"quantity":1', '"quantity":0.5'],
    ["units as a text", '"quantity":1', '"quantity":"1"'],
    ["more units than can be counted", '"quantity":1', '"quantity":9007199254740992'],
    ["a place in the log that is none", '"seen":0', '"seen":-1'],
    ["a limit that is null", '"limit":{', '"limit":null,"more":{'],
    ["a limit of no sale", '"sale"', '"sail"'],
    ["what is known as a text", '"known":[', '"known":"r-2","more":['],
    ["what is known without units", '["r-2",1]', '["r-2"]'],
    ["negative units known", '["r-2",1]', '["r-2",-5]'],
  ];

  test.each(broken)("are no question with %s", (_, right, wrong) => {
    const asked = request(line({ limit: { sale: id("deal"), units: 2, known: [["r-2", 1]] } }));
    const text = Buffer.from(encodeQuestion({ hold: asked })).toString();
    expect(decodeQuestion(Buffer.from(text))).toEqual({ hold: asked });
    expect(text).toContain(right);
    expect(decodeQuestion(Buffer.from(text.replace(right, wrong)))).toBeUndefined();
  });

  test("have so many lines at most", () => {
    const of = (length: number) =>
      encodeQuestion({
        hold: request(...Array.from({ length }, (_, at) => line({ product: id(`lamp-${at}`) }))),
      });
    expect(decodeQuestion(of(holdLinesMax))).toBeDefined();
    expect(decodeQuestion(of(holdLinesMax + 1))).toBeUndefined();
  });
});

/** What is left of a message that was cut anywhere. */
function cutShort(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.nat({ max: bytes.length - 1 }).map((length) => bytes.subarray(0, length));
}

describe("a keeper that is asked", () => {
  let asking: Asking;
  const hold = vi.fn<(request: HoldRequest) => Promise<HoldAnswer>>();
  const end = vi.fn<(end: End) => Promise<void>>();
  const isOurs = () => true;
  beforeEach(() => {
    vi.useFakeTimers();
    asking = createMemoryAsking();
    hold.mockReset().mockResolvedValue({ outcome: "held" });
    end.mockReset().mockResolvedValue(undefined);
  });
  afterEach(() => vi.useRealTimers());

  test("hears the request, and its answer comes back", async () => {
    answerStock(asking, kept, { hold, end, isOurs }, quiet);
    const stock = askStock(asking);
    const wanted = request(line({ quantity: 3, limit: { sale: id("deal"), units: 2, known: [] } }));
    hold.mockResolvedValueOnce({ outcome: "over-limit", lines: [{ product: lamp, left: 2 }] });
    expect(await stock.hold(kept, wanted)).toEqual({
      outcome: "over-limit",
      lines: [{ product: lamp, left: 2 }],
    });
    expect(await stock.hold(kept, request(line()))).toEqual({ outcome: "held" });
    expect(hold.mock.calls).toEqual([[wanted], [request(line())]]);
    await stock.end(kept, { reservation: "r-1", taking: 0, how: "sold" });
    expect(end.mock.calls).toEqual([[{ reservation: "r-1", taking: 0, how: "sold" }]]);
  });

  test("says at once, and why, where nothing is known of what was asked for", async () => {
    answerStock(asking, kept, { hold, end, isOurs }, quiet);
    const stock = askStock(asking);
    hold.mockRejectedValueOnce(new LogUnavailable("the keeper ends"));
    end.mockRejectedValueOnce(new LogUnavailable("the log is away"));
    await expect(stock.hold(kept, request(line()))).rejects.toThrow(new LogUnavailable("the keeper ends"));
    await expect(stock.end(kept, { reservation: "r-1", taking: 0, how: "expired" })).rejects.toThrow(
      new LogUnavailable("the log is away"),
    );
  });

  test("is one of its partition alone, and until it is closed", async () => {
    const stock = askStock(asking);
    await expect(stock.hold(kept, request(line()))).rejects.toThrow(LogUnavailable);
    const { close } = answerStock(asking, kept, { hold, end, isOurs }, quiet);
    await expect(stock.hold(kept + 1, request(line()))).rejects.toThrow(LogUnavailable);
    expect(await stock.hold(kept, request(line()))).toEqual({ outcome: "held" });
    close();
    await expect(stock.hold(kept, request(line()))).rejects.toThrow(LogUnavailable);
  });

  test("takes nothing of another partition's products, whoever asks", async () => {
    const elsewhere = Array.from({ length: 64 }, (_, at) => id(`desk-${at}`)).find(
      (product) => partitionOf(tokenOf(product)) !== kept,
    );
    answerStock(asking, kept, { hold, end, isOurs }, quiet);
    const asked = askStock(asking).hold(kept, request(line(), line({ product: elsewhere ?? lamp })));
    const refused = expect(asked).rejects.toThrow(LogUnavailable);
    await vi.runAllTimersAsync();
    await refused;
    expect(hold).not.toHaveBeenCalled();
  });

  test("is left alone with what is no question", async () => {
    let topic = "";
    const overheard: Asking = {
      ...asking,
      answer(at, handler) {
        topic = at;
        return asking.answer(at, handler);
      },
    };
    answerStock(overheard, kept, { hold, end, isOurs }, quiet);
    const asked = asking.ask(topic, Buffer.from('{"v":1,"hold":{}}'), 100);
    const refused = expect(asked).rejects.toThrow(LogUnavailable);
    await vi.runAllTimersAsync();
    await refused;
    expect(hold).not.toHaveBeenCalled();
  });

  test("is not believed where it answers something else", async () => {
    const says = (word: string): Asking => ({ ...asking, ask: async () => Buffer.from(word) });
    for (const word of ["", "{}", '{"v":1,"end":"done"}', '{"v":1,"hold":{"outcome":"sold"}}'])
      await expect(askStock(says(word)).hold(kept, request(line()))).rejects.toThrow(LogUnavailable);
    for (const word of ["", '{"v":1,"end":"maybe"}', '{"v":1,"hold":{"outcome":"held"}}'])
      await expect(
        askStock(says(word)).end(kept, { reservation: "r-1", taking: 0, how: "sold" }),
      ).rejects.toThrow(LogUnavailable);
  });
});
