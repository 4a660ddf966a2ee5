import type { PurgeReport } from "../../actors/edge-purge/purge-report.ts";
import type { HotReport } from "../../actors/hot/hot-report.ts";
import type { ProjectionStatus } from "../../actors/projection-status.ts";
import type { StockStatus } from "../../actors/stock/stock-status.ts";

/**
 * Tables for people: the projections with a line for each owner of each log, stock with one for each who keeps some, purges
 * with one for each provider, and the hot products.
 */

type Columns<Status> = readonly (readonly [string, (status: Status) => string])[];

const columns: Columns<ProjectionStatus> = [
  ["LOG", ({ log }) => log],
  ["OWNER", ({ owner, host, pid }) => (owner === null ? "nobody" : host === null ? owner : `${host}:${pid}`)],
  ["PARTITIONS", ({ partitions }) => rangesOf(partitions)],
  ["POSITION", ({ position }) => String(position)],
  ["HEAD", ({ head }) => String(head)],
  ["BEHIND", ({ events_behind }) => String(events_behind)],
  ["AT HEAD", ({ at_head_seconds }) => age(at_head_seconds)],
  ["LAST EVENT", ({ last_event_seconds }) => age(last_event_seconds)],
  ["RESTARTS", ({ restarts }) => String(restarts ?? "-")],
  ["QUARANTINED", ({ quarantined }) => String(quarantined ?? "-")],
  ["TO REBUILD", ({ rebuild_due }) => String(rebuild_due)],
];

const stockColumns: Columns<StockStatus> = [
  ["STOCK", ({ partitions }) => rangesOf(partitions)],
  [
    "KEEPER",
    ({ keeper, host, pid }) => (keeper === null ? "nobody" : host === null ? keeper : `${host}:${pid}`),
  ],
  [
    "READY",
    ({ partitions, ready }) => (ready.length === partitions.length ? "yes" : rangesOf(ready) || "no"),
  ],
  ["WAITING", ({ waiting }) => String(waiting ?? "-")],
  ["HOLDS", ({ holds }) => String(holds ?? "-")],
  ["COMMITS", ({ commits }) => String(commits ?? "-")],
  ["RESTARTS", ({ restarts }) => String(restarts ?? "-")],
];

const purgeColumns: Columns<PurgeReport> = [
  ["PURGES", ({ provider }) => provider],
  ["STATE", ({ state }) => state],
  ["OWNER", ({ host, pid }) => `${host}:${pid}`],
  ["PENDING", ({ pending }) => String(pending)],
  ["OLDEST", ({ oldest_seconds }) => age(oldest_seconds)],
  ["PURGED", ({ purged }) => String(purged)],
  ["IN VAIN", ({ in_vain }) => String(in_vain ?? "-")],
  ["EXPIRED", ({ expired }) => String(expired)],
  ["FAILED", ({ failed }) => String(failed)],
  ["UNREAD", ({ unread }) => String(unread)],
  ["RESTARTS", ({ restarts }) => String(restarts)],
];

const hotColumns: Columns<HotReport> = [
  ["PRODUCT", ({ product }) => product],
  ["STATE", ({ state }) => state],
  ["SINCE", ({ since }) => timeText(since)],
  ["REASONS", ({ reasons, has_room }) => [...reasons, ...(has_room ? [] : ["no room"])].join(", ")],
  ["HELD BY", ({ holders, of }) => `${holders} of ${of}`],
  ["CHANGES ARE", ({ mode }) => (mode === "push" ? "pushed" : "invalidations")],
  ["READS/S", ({ per_second }) => String(per_second ?? "-")],
  ["NEXT", ({ next }) => (next === null ? "-" : timeText(next))],
];

const timeText = (ms: number) => new Date(ms).toISOString().slice(0, 19).concat("Z");

export const hotTableOf = (reports: readonly HotReport[]): string => table(hotColumns, reports);
export const tableOf = (statuses: readonly ProjectionStatus[]): string => table(columns, statuses);
export const stockTableOf = (statuses: readonly StockStatus[]): string => table(stockColumns, statuses);
export const purgeTableOf = (reports: readonly PurgeReport[]): string => table(purgeColumns, reports);

function table<Status>(columns: Columns<Status>, statuses: readonly Status[]): string {
  const rows = [
    columns.map(([title]) => title),
    ...statuses.map((status) => columns.map(([, of]) => of(status))),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** `0-7, 9` */
export function rangesOf(partitions: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const partition of partitions) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === partition - 1) last[1] = partition;
    else ranges.push([partition, partition]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}

function age(seconds: number | null): string {
  if (seconds === null) return "never";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
