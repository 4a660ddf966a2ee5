import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
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
}

export const recordedFile = join(import.meta.dirname, "v1.log.jsonl");
export const goldenFile = join(import.meta.dirname, "v1.golden.json");

export function readRecorded(): readonly RecordedLine[] {
  const lines = readFileSync(recordedFile, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as RecordedLine);
}

/** What the folds make of a recorded log, as text with sorted keys: every read model, and what was refused with its reason. */
export async function foldRecorded(lines: readonly RecordedLine[]): Promise<string> {
  let clock = 0;
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => clock });
  for (const { time, subject, payload } of lines) {
    clock = time;
    await catalog.append(publishedSubject(subject), Buffer.from(payload));
  }
  const beside = (stream: string) => createMemoryLog({ stream, now: () => clock, lastPerSubject: true });
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
  return `${JSON.stringify({ readModels: await dump(readModel, names), refused }, null, 2)}\n`;
}
