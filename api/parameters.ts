import { type Identifier, identifierProblem } from "../streams/identifier.ts";
import { type FieldError, Problem } from "./problems.ts";

/** What callers send, parsed once; every refusal names the field and what is allowed. */

export function identifierParameter(field: string, text: string): Identifier {
  const problem = identifierProblem(text);
  if (problem === undefined) return text as Identifier;
  throw invalid([{ field, message: `an identifier ${problem}` }]);
}

/** One of a few words, or undefined where the parameter is absent. */
export function wordParameter<Word extends string>(
  query: Query,
  field: string,
  words: readonly Word[],
): Word | undefined {
  const value = query[field];
  if (value === undefined) return undefined;
  const word = words.find((each) => each === value);
  if (word === undefined) throw invalid([{ field, message: `must be one of ${words.join(", ")}` }]);
  return word;
}

export function integerParameter(
  query: Query,
  field: string,
  range: { readonly min: number; readonly max: number; readonly default: number },
): number {
  const value = query[field];
  if (value === undefined) return range.default;
  const number = typeof value === "string" && /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= range.min && number <= range.max) return number;
  throw invalid([{ field, message: `must be a whole number from ${range.min} to ${range.max}` }]);
}

/**
 * The identifiers of `ids=a,b,c`, from the raw query: the list is split at commas before each is decoded, so
 * an identifier may hold a comma of its own (`%2C`).
 */
export function identifierListParameter(url: string, field: string, max: number): readonly Identifier[] {
  const query = url.slice(url.indexOf("?") + 1);
  const [raw, ...others] = query.split("&").filter((pair) => pair.startsWith(`${field}=`));
  if (others.length > 0) throw invalid([{ field, message: "name it once, with commas between products" }]);
  const texts = (raw ?? "").slice(field.length + 1).split(",");
  if (raw === undefined || (texts.length === 1 && texts[0] === "")) {
    throw invalid([{ field, message: `name 1 to ${max} products, separated by commas` }]);
  }
  if (texts.length > max) throw invalid([{ field, message: `at most ${max} products in one call` }]);
  return texts.map((text) => {
    let decoded: string;
    try {
      decoded = decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      throw invalid([{ field, message: `"${text}" is not percent-encoded UTF-8` }]);
    }
    return identifierParameter(field, decoded);
  });
}

export type Query = Readonly<Record<string, unknown>>;

export function invalid(errors: readonly FieldError[]): Problem {
  return new Problem(
    "invalid-parameter",
    errors.map(({ field, message }) => `${field}: ${message}`).join("; "),
    errors,
  );
}
