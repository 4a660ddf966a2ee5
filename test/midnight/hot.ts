import { type HotReport, readHotReports } from "../../actors/hot/hot-report.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";

/** Which products are hot, by the fold of the HOT stream, without times and counters: what must be the same with and without a fault. */
export interface HotNow {
  /** A line for each product that is not cold, in the order of their names. */
  readonly lines: readonly string[];
  /** What is not settled yet, in words; undefined where all are hot, and held by each worker that was to hold them. */
  readonly unsettled: string | undefined;
}

export async function hotNow(hot: Log): Promise<HotNow> {
  const reports = await readHotReports(hot, Date.now());
  const unsettled = reports.find((report) => !isSettled(report));
  return {
    lines: reports.map(lineOf).sort(),
    unsettled: unsettled && JSON.stringify(unsettled),
  };
}

/** While it is refreshed it is held as before. */
const isSettled = ({ state, holders, of }: HotReport): boolean =>
  state === "hot.refreshing" || (state === "hot.fresh" && holders === of);

/** How its changes are told is no part of it: that follows what was read and written in the last second. */
function lineOf({ product, state, reasons, has_room }: HotReport): string {
  const [outer = ""] = state.split(".");
  return `${product}: ${outer}, for ${reasons.join(" and ")}${has_room ? "" : ", without room"}`;
}

export const lacking = (products: readonly Identifier[], lines: readonly string[]): readonly Identifier[] =>
  products.filter((id) => !lines.some((line) => line.startsWith(`${id}: hot,`)));

/** What stands in one alone, in words. */
export function differing(expected: readonly string[], found: readonly string[]): readonly string[] {
  return [
    ...expected
      .filter((line) => !found.includes(line))
      .map((line) => `not hot as without the fault: ${line}`),
    ...found
      .filter((line) => !expected.includes(line))
      .map((line) => `hot, and not without the fault: ${line}`),
  ];
}
