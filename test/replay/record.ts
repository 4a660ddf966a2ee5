import { writeFileSync } from "node:fs";
import { historyStart } from "../projections/arbitrary-events.ts";
import { historyOf } from "../projections/sampled-history.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { readTail } from "../streams/reading.ts";
import { foldRecorded, goldenFile, recordedFile, type RecordedLine } from "./recorded.ts";

/**
 * Records the small log of this folder and what the folds make of it: `node test/replay/record.ts`, then
 * `npx biome format --write test/replay`.
 *
 * The log is history and is recorded once for a format of events: a new one gets a new name beside it. The
 * golden file is written anew when a fold's meaning changes, together with `foldRevision`.
 */
const count = 300;
const seed = 20261127;

let clock = historyStart;
const log = createMemoryLog({ stream: "CATALOG", now: () => clock });
for (const { subject, payload } of historyOf(count, seed)) {
  clock += 60_000;
  await log.append(subject, Buffer.from(payload));
}
const lines = (await readTail(log, { from: 1 }, count)).map(
  ({ sequence, time, subject, payload }): RecordedLine => ({
    sequence,
    time,
    subject,
    payload: Buffer.from(payload).toString("utf8"),
  }),
);
writeFileSync(recordedFile, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
writeFileSync(goldenFile, await foldRecorded(lines));
