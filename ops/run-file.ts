import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** `DATA_DIR/run.json`: where a running Shelfwire is to be found, for scripts and for the other commands. */
const schema = z.object({
  http: z.string(),
  nats: z.string(),
  redis: z.string(),
  /** A bearer token of the demo; null where tokens are another's to issue. */
  token: z.string().nullable(),
});

export type RunFile = z.infer<typeof schema>;

const pathIn = (dataDir: string) => join(dataDir, "run.json");

export function writeRunFile(dataDir: string, run: RunFile): void {
  // Under another name first: whoever waits for the file finds it whole.
  const unfinished = `${pathIn(dataDir)}.new`;
  writeFileSync(unfinished, `${JSON.stringify(run, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, pathIn(dataDir));
}

export function removeRunFile(dataDir: string): void {
  rmSync(pathIn(dataDir), { force: true });
}

export function readRunFile(dataDir: string): RunFile | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(pathIn(dataDir), "utf8")));
  } catch {
    return undefined;
  }
}
