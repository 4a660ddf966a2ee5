import { type Identifier, identifierProblem } from "../../../streams/identifier.ts";
import type { Problems } from "./problems.ts";

/** Single values of feeds. `what` names the field for messages. */

export function parseId(text: string, what: string, problems: Problems): Identifier | undefined {
  if (text === "") return problems.add("no-id", `there is no ${what}`);
  const problem = identifierProblem(text);
  if (problem === undefined) return text as Identifier;
  return problems.add("bad-id", `the ${what} "${text.slice(0, 200)}" ${problem}`);
}

const piecesMax = 1_000_000_000;

/** Whole pieces; `5.0`, as spreadsheets write it, is 5. */
export function parsePieces(text: string, what: string, problems: Problems): number | undefined {
  const pieces = /^[+-]?\d+(?:\.0*)?$/.test(text) ? Number(text) : Number.NaN;
  if (pieces < 0) return problems.add("negative-quantity", `the ${what} is ${text}: stock is 0 or more`);
  if (pieces <= piecesMax) return Math.abs(pieces);
  return problems.add("bad-quantity", `the ${what} "${text}" is not a whole number of pieces`);
}
