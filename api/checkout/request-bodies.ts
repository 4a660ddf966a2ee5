import { hash } from "node:crypto";
import { z } from "zod";
import { type Identifier, identifierProblem } from "../../streams/identifier.ts";
import { invalid } from "../parameters.ts";
import { checkoutLimits as limits } from "./checkout-limits.ts";

/** What callers send to the checkout, parsed once; every refusal names the field and what is allowed. */

/** What somebody wants to buy. */
export interface Wanted {
  readonly product: Identifier;
  readonly quantity: number;
}

export const identifier = z.string().transform((text, context): Identifier => {
  const problem = identifierProblem(text);
  if (problem === undefined) return text as Identifier;
  context.issues.push({ code: "custom", message: `an identifier ${problem}`, input: text });
  return z.NEVER;
});

const quoteBody = z.object({
  items: z
    .array(
      z.object({
        product_id: identifier,
        quantity: z.int({ error: "must be a whole number" }).min(1, { error: "must be 1 or more" }),
      }),
    )
    .min(1, { error: "must name a product" }),
});

const reservationBody = z.object({ quote: z.string() });

const idempotencyKey = /^[\x21-\x7e]+$/;

/** The items of `POST /api/checkout/quotes`, each product once with the sum of its quantities. */
export function wantedOf(body: unknown): readonly Wanted[] {
  const { items } = parsed(quoteBody, body);
  const quantities = new Map<Identifier, number>();
  for (const [at, { product_id, quantity }] of items.entries()) {
    const sum = (quantities.get(product_id) ?? 0) + quantity;
    if (sum > limits.quantityMax) {
      const message = `at most ${limits.quantityMax} of one product`;
      throw invalid([{ field: `items[${at}].quantity`, message }]);
    }
    quantities.set(product_id, sum);
  }
  if (quantities.size > limits.linesMax)
    throw invalid([{ field: "items", message: `at most ${limits.linesMax} different products` }]);
  return [...quantities].map(([product, quantity]) => ({ product, quantity }));
}

/** What is asked for by `POST /api/checkout/reservations`. */
export interface Sent {
  /** Not yet looked at. */
  readonly quote: string;
  /** The same for the same body, however it was written down. */
  readonly fingerprint: string;
}

export function sentOf(body: unknown): Sent {
  const { quote } = parsed(reservationBody, body);
  return { quote, fingerprint: hash("sha256", JSON.stringify(inOrder(body)), "base64url") };
}

/** Fields by their names. No body is nested deep (`json-body.ts`). */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, each]) => [name, inOrder(each)]));
}

export function idempotencyKeyOf(header: string | readonly string[] | undefined): string {
  if (typeof header === "string" && header.length <= limits.keyLengthMax && idempotencyKey.test(header))
    return header;
  const message = `send 1 to ${limits.keyLengthMax} visible ASCII characters, made anew for each reservation`;
  throw invalid([{ field: "Idempotency-Key", message }]);
}

function parsed<Output>(schema: z.ZodType<Output>, body: unknown): Output {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalid(result.error.issues.map(({ path, message }) => ({ field: fieldOf(path), message })));
}

/** Such as `items[3].quantity`. */
function fieldOf(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return text.replace(/^\./, "") || "body";
}
