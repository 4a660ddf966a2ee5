import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { importOnlineRetail } from "../../ops/import/online-retail.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { contentOf, countMessages } from "./log-content.ts";
import { generateExport, seededRandom } from "./retail-export.ts";
import { createLife, type Life, ProcessDied } from "./unsteady-log.ts";

let folder: string;
let files: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shelfwire-import-"));
  files = [join(folder, "one.csv"), join(folder, "two.csv")];
  await writeFile(join(folder, "one.csv"), generateExport(1, 120));
  await writeFile(join(folder, "two.csv"), generateExport(2, 60));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const newLogs = () => ({
  catalog: createMemoryLog({ stream: "CATALOG", now: () => 0 }),
  activity: createMemoryLog({ stream: "ACTIVITY", now: () => 0 }),
  ledger: createMemoryLog({ stream: "LEDGER", now: () => 0, perSubject: 1 }),
});

type Logs = ReturnType<typeof newLogs>;

const silent = { begin() {}, at() {}, end() {} };

const run = (logs: Logs, life: Life) =>
  importOnlineRetail({
    files,
    catalog: life.attach(logs.catalog),
    activity: life.attach(logs.activity),
    ledger: life.attach(logs.ledger),
    dryRun: false,
    reportsDir: folder,
    progress: silent,
    linesPerCheckpoint: 40,
  });

const content = async (logs: Logs) =>
  [await contentOf(logs.catalog), await contentOf(logs.activity)] as const;

test("an import that dies at any appends and is run again leaves the log of one that never died", async () => {
  const undisturbed = newLogs();
  const summary = await run(undisturbed, createLife(seededRandom(0), Number.POSITIVE_INFINITY));
  const expected = await content(undisturbed);
  expect(countMessages(expected[0]) + countMessages(expected[1])).toBe(summary.published);

  for (let seed = 1; seed <= 30; seed++) {
    const random = seededRandom(seed);
    const logs = newLogs();
    let deaths = 0;
    for (let ended = false; !ended; ) {
      const life = createLife(
        random,
        deaths > 20 ? Number.POSITIVE_INFINITY : 1 + Math.floor(random() ** 2 * 900),
      );
      try {
        await run(logs, life);
        ended = true;
      } catch (error) {
        if (!(error instanceof ProcessDied)) throw error;
        deaths++;
      }
    }
    expect(await content(logs), `seed ${seed}, ${deaths} deaths`).toEqual(expected);
    const again = await run(logs, createLife(random, Number.POSITIVE_INFINITY));
    expect(again, `seed ${seed}`).toMatchObject({ published: 0, skipped: summary.published - 1 });
  }
});
