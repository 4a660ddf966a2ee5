import { isDeepStrictEqual } from "node:util";
import { aspects } from "../../projections/aspects.ts";
import { detailsAnswer, inventoryAnswer, priceAnswer, ratingAnswer } from "../verify/answers.ts";
import { boundariesOf, type Shown } from "../verify/reference/product.ts";
import type { History, State } from "./history.ts";
import { agreesInPrice, clockToleranceMs } from "./agree.ts";
import { judge, type Judgement, type Moment, type Part, upToDate } from "./judge.ts";
import { lacksOfVariants, type Others } from "./judge-variants.ts";

/** An assembled product as HTTP gave it, or as it stands in Redis ready to leave. */
export interface Answered extends Moment {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * What was compared in full once, byte by byte: most answers are the same ones again, from another tier or a second
 * later. One for each product.
 */
export interface Known {
  readonly body: Buffer;
  readonly state: State;
  /** Within these moments the clock changes nothing in it. */
  readonly from: number;
  readonly until: number;
}
const knownAnswers = new WeakMap<History, Known>();

/** `others`: of the products that stand in it as variants. */
export function judgeAnswer(
  history: History,
  answered: Answered,
  head: number,
  others: Others = () => undefined,
): Judgement {
  const { status, body } = answered;
  if (status === 404) return judgeAbsence(history);
  if (status !== 200) return { verdict: "unchecked", reason: status === 0 ? "timeout" : "error" };
  const known = knownAnswers.get(history);
  if (known !== undefined && holds(known, answered))
    return judge(history, known.state.sequence, sameAs(known), head);
  const fields = parse(body);
  if (fields === undefined) return wrongBody(body);
  if (fields["degraded"] === true) return { verdict: "unchecked", reason: "degraded" };
  const { version } = fields;
  if (typeof version !== "number") return wrongBody(body);
  const judgement = judge(history, version, partsOf(fields, answered), head);
  if (judgement.verdict !== "placed") return judgement;
  const { variants } = fields;
  if (Array.isArray(variants) && variants.length > 0)
    return { ...judgement, lacks: [...judgement.lacks, ...lacksOfVariants(variants, answered, others)] };
  if (!judgement.mixed) remember(history, version, answered);
  return judgement;
}

/** A product exists from its first document on, for ever. */
function judgeAbsence({ states }: History): Judgement {
  const missed = states.find(({ shown }) => shown.details !== null);
  if (missed === undefined) return { verdict: "placed", lacks: [], mixed: false };
  if (missed === states[0] && missed.changed !== aspects.details)
    return { verdict: "wrong", what: "status", expected: 200, found: 404 };
  return {
    verdict: "placed",
    lacks: [{ aspect: aspects.details, missed, since: missed.time }],
    mixed: false,
  };
}

function partsOf(fields: Readonly<Record<string, unknown>>, moment: Moment): readonly Part[] {
  const { price, inventory, rating } = fields;
  const inStock = isFields(inventory) ? inventory["in_stock"] : inventory;
  const part = (aspect: number, name: string, found: unknown, expected: (shown: Shown) => unknown): Part => ({
    aspect,
    name,
    found,
    expected: ({ shown }) => expected(shown),
    agrees: ({ shown }) => (isDeepStrictEqual(expected(shown), found) ? upToDate : undefined),
  });
  return [
    {
      ...part(aspects.details, "details", fields, detailsAnswer),
      agrees: ({ shown }) => (agreesInDetails(shown, fields) ? upToDate : undefined),
    },
    {
      ...part(aspects.price, "price", price, (shown) => priceAnswer(shown, moment.answeredAt)),
      agrees: ({ shown }) => agreesInPrice(shown, price, moment),
    },
    part(aspects.stock, "in_stock", inStock, ({ inventory: held }) => held && held.quantity > 0),
    part(aspects.quantity, "inventory", inventory, inventoryAnswer),
    part(aspects.rating, "rating", rating, (shown) => ratingAnswer(shown.rating)),
  ];
}

/** Fields that the contract does not have are none of ours. */
function agreesInDetails(shown: Shown, fields: Readonly<Record<string, unknown>>): boolean {
  const expected = detailsAnswer(shown);
  return (
    expected !== undefined &&
    Object.entries(expected).every(([name, value]) => isDeepStrictEqual(value, fields[name]))
  );
}

/** Every part agrees with the one state that the bytes were found equal to. */
function sameAs({ state }: Known): readonly Part[] {
  return wholeAspects.map((aspect) => ({
    aspect,
    name: "",
    found: undefined,
    expected: () => undefined,
    agrees: (other) => (other === state ? upToDate : undefined),
  }));
}
const wholeAspects = [aspects.details, aspects.price, aspects.stock, aspects.quantity, aspects.rating];

function holds({ body, from, until, state }: Known, answered: Answered): boolean {
  return (
    from <= answered.askedAt &&
    answered.answeredAt < until &&
    body.length === answered.body.length &&
    body.equals(answered.body) &&
    state.shown.details !== null
  );
}

function remember(history: History, version: number, { body, askedAt, answeredAt }: Answered): void {
  const state = history.states.find(({ sequence }) => sequence === version);
  if (state === undefined) return;
  const boundaries = boundariesOf(state.shown);
  const from = Math.max(0, ...boundaries.filter((boundary) => boundary <= askedAt));
  const until = Math.min(upToDate, ...boundaries.filter((boundary) => boundary > askedAt));
  if (answeredAt < until && from + clockToleranceMs < askedAt) {
    knownAnswers.set(history, { body, state, from: from + clockToleranceMs, until });
  }
}

function wrongBody(body: Buffer): Judgement {
  return {
    verdict: "wrong",
    what: "body",
    expected: "an assembled product",
    found: body.toString("utf8", 0, 200),
  };
}

function parse(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
