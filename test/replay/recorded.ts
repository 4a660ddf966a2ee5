import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { sequenceOf, type Version } from "../../projections/version.ts";
import type { StoredMessage } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { listQuarantine } from "../../streams/quarantine.ts";
import { publishedSubject } from "../../streams/subjects.ts";
import { names } from "../projections/arbitrary-events.ts";
import { dump } from "../projections/dump.ts";
import { fastClock, projectAll } from "../projections/projecting.ts";

/** A log as it was stored, one message a line. */
export interface RecordedLine extends Pick<StoredMessage, "sequence" | "time" | "subject"> {
  readonly payload: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const recordedFile = (name: string) => join(import.meta.dirname, `${name}.log.jsonl`);
export const goldenFile = (name: string) => join(import.meta.dirname, `${name}.golden.json`);

/** A log for each release that brought a new version of a payload: `v1`, `v2`. */
export const recordings: readonly string[] = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".log.jsonl"))
  .map((file) => file.slice(0, -".log.jsonl".length))
  .sort();

export function readRecorded(name: string): readonly RecordedLine[] {
  const lines = readFileSync(recordedFile(name), "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as RecordedLine);
}

/**
 * What the folds make of a recorded log, as text with sorted keys: every read model, and what was refused with
 * its reason. Versions are given by their sequence: which revision of the folds made them changes no meaning.
 */
export async function foldRecorded(lines: readonly RecordedLine[]): Promise<string> {
  let clock = 0;
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => clock });
  for (const { time, subject, payload, headers = {} } of lines) {
    clock = time;
    await catalog.append(publishedSubject(subject), Buffer.from(payload), { headers });
  }
  const beside = (stream: string) => createMemoryLog({ stream, now: () => clock, perSubject: 1 });
  const readModel = createMemoryReadModel();
  const quarantine = beside("QUARANTINE");
  await projectAll({
    catalog,
    derived: beside("DERIVED"),
    quarantine,
    readModel,
    epoch: 0,
    now: fastClock(clock),
  });
  const refused = [];
  for await (const { payload, ...entry } of listQuarantine(quarantine)) {
    refused.push({ ...entry, payload: Buffer.from(payload).toString("utf8") });
  }
  refused.sort((a, b) => a.sequence - b.sequence || ((a.product ?? "") < (b.product ?? "") ? -1 : 1));
  const folded = { readModels: await dump(readModel, names), refused };
  const plain = (field: string, value: unknown) =>
    field === "version" ? sequenceOf(value as Version) : value;
  return `${JSON.stringify(folded, plain, 2)}\n`;
}
