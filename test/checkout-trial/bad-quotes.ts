import { openQuote, type QuoteKeys, signQuote } from "../../api/checkout/quote-token.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { BadQuote } from "../checkout/hostile-requests.ts";

/** Quotes that are nearly good, made from two that were given to `user`. */
export interface GivenQuotes {
  readonly keys: QuoteKeys;
  readonly user: Identifier;
  readonly good: string;
  /** Its product has another currency by now. */
  readonly foreign: string;
  readonly ofAnother: string;
}

const hourMs = 3_600_000;
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function badQuotes({ keys, user, good, foreign, ofAnother }: GivenQuotes): readonly BadQuote[] {
  const quote = openQuote(keys, good);
  if (quote?.user !== user) throw new Error("the quote is not the client's own");
  const [key] = keys;
  const [text = "", signature = ""] = good.split(".");
  const [otherText, otherSignature] = ofAnother.split(".");
  const forgedKey: QuoteKeys = [{ kid: key.kid, secret: Buffer.alloc(32, 7) }];
  const payload = JSON.parse(Buffer.from(text, "base64url").toString()) as object;
  const altered = (fields: object) =>
    `${Buffer.from(JSON.stringify({ ...payload, ...fields })).toString("base64url")}.${signature}`;
  const cheaper = quote.lines.map((line) => ({ ...line, price: line.price && { ...line.price, amount: 1 } }));
  const refused: Record<string, string> = {
    "signed by another key of that name": signQuote(forgedKey, quote),
    "cheaper, signed by another key": signQuote(forgedKey, { ...quote, lines: cheaper, total: 1 }),
    "of another user": ofAnother,
    "with another total": altered({ total: 1 }),
    "in another currency": altered({ currency: "JPY" }),
    "for another user": altered({ sub: "somebody" }),
    "for longer": altered({ exp: quote.expiresAt + hourMs }),
    "of another version": altered({ v: 2 }),
    "with the signature of another": `${text}.${otherSignature}`,
    "with the payload of another": `${otherText}.${signature}`,
    "without a signature": `${text}.`,
    "without a payload": `.${signature}`,
    "with a shorter signature": good.slice(0, -1),
    "with another last letter": good.slice(0, -1) + nextLetter(good),
    "with padding": `${good}=`,
    "with a space": `${good} `,
    "in three parts": `${good}.${signature}`,
    "in other letters": good.toUpperCase(),
  };
  return [
    ...Object.entries(refused).map(([name, bad]): BadQuote => ({ name, quote: bad, status: 400 })),
    {
      name: "expired",
      quote: signQuote(keys, {
        ...quote,
        issuedAt: quote.issuedAt - 2 * hourMs,
        expiresAt: quote.expiresAt - 2 * hourMs,
      }),
      status: 410,
    },
    { name: "in a currency that is over", quote: foreign, status: 409 },
  ];
}

/** Of the same bits but for those that no byte has. */
function nextLetter(text: string): string {
  return letters[(letters.indexOf(text.at(-1) ?? "") + 1) % letters.length] ?? "";
}
