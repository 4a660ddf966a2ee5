import { Option } from "commander";
import { Refused } from "../refused.ts";

/** Words of the command line that several commands have, and how they print. */

export const json = new Option("--json", "one JSON object a line");

export const print = (value: object) => process.stdout.write(`${JSON.stringify(value)}\n`);

export function integer(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Refused(`"${text}" must be a whole number, 0 or more`);
  return Number(text);
}

export const schema = new Option(
  "--schema <version>",
  "version of the payload's schema (default: 1)",
).argParser(integer);

export const logName = () =>
  new Option("--log <name>", "the log that sequences count in").choices(["catalog", "activity"]);
