import { existsSync, writeFileSync } from "node:fs";
import { schemaUri } from "../../streams/schema-version.ts";
import { historyStart, type Published } from "../projections/arbitrary-events.ts";
import { historyOf } from "../projections/sampled-history.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { readTail } from "../streams/reading.ts";
import {
  foldRecorded,
  goldenFile,
  readRecorded,
  recordedFile,
  recordings,
  type RecordedLine,
} from "./recorded.ts";

/**
 * Writes the golden files of this folder anew, what the folds make of its logs: `node test/replay/record.ts`, then
 * `npx biome format --write test/replay`. That is due when a fold's meaning changes, with `foldRevision`.
 *
 * A log is history and is recorded once, by the release that brings a new version of a payload:
 * `node test/replay/record.ts v3`, after `asPublished` has learned to write it.
 */
const count = 300;
const seed = 20261127;

/** Half of the stock changes in version 2, which names places; and some in a version that there is not. */
function asPublished({ subject, payload }: Published, at: number): Omit<RecordedLine, "sequence" | "time"> {
  const quantity = /^\{"new_quantity":(\d+)/.exec(payload)?.[1];
  if (!subject.startsWith("catalog.inventory.changed.") || at % 2 === 0) return { subject, payload };
  const version = at % 7 === 0 ? 9 : 2;
  const headers = { "ce-dataschema": schemaUri("inventory.changed", version) };
  if (quantity === undefined) return { subject, payload, headers };
  const locations = [
    { location_id: "north", quantity: Number(quantity) },
    { location_id: "south dock", quantity: at % 5 },
  ];
  return { subject, payload: JSON.stringify({ locations, reason: "adjustment" }), headers };
}

const added = process.argv[2];
if (added !== undefined) {
  if (existsSync(recordedFile(added))) throw new Error(`${added} is recorded already`);
  let clock = historyStart;
  const log = createMemoryLog({ stream: "CATALOG", now: () => clock });
  for (const [at, published] of historyOf(count, seed).entries()) {
    clock += 60_000;
    const { subject, payload, headers = {} } = asPublished(published, at);
    await log.append(subject, Buffer.from(payload), { headers });
  }
  const lines = (await readTail(log, { from: 1 }, count)).map((message): RecordedLine => {
    const { sequence, time, subject, payload, headers = new Map<string, string>() } = message;
    const named = headers.size === 0 ? {} : { headers: Object.fromEntries(headers) };
    return { sequence, time, subject, payload: Buffer.from(payload).toString("utf8"), ...named };
  });
  writeFileSync(recordedFile(added), `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
}
for (const name of added === undefined ? recordings : [added]) {
  writeFileSync(goldenFile(name), await foldRecorded(readRecorded(name)));
}
