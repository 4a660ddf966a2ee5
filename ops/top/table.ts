import type { ProjectionStatus } from "../../actors/projection-status.ts";

/** The projections as a table for people: a line for each owner of each log. */

const columns: readonly (readonly [string, (status: ProjectionStatus) => string])[] = [
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

export function tableOf(statuses: readonly ProjectionStatus[]): string {
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
