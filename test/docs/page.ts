import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

/**
 * A page of the docs, run from top to bottom as a reader would: its files are written, its commands typed, and what
 * it says they print is what they print. `…` stands for anything.
 */

const root = resolve(import.meta.dirname, "../..");

interface Block {
  readonly kind: string;
  readonly file: string;
  readonly text: string;
}

/** `settings`: of the system that the commands speak to, and of the commands; `variables`: what a reader has in his shell. */
export function runsAsWritten(
  path: string,
  { settings = {}, variables = {} }: Partial<Record<"settings" | "variables", NodeJS.ProcessEnv>> = {},
): void {
  const page = readFileSync(join(root, path), "utf8");
  const blocks: readonly Block[] = [...page.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(
    ([, kind = "", file = "", text = ""]) => ({ kind, file, text }),
  );
  let folder: string;
  let up: ChildProcess;
  let http: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "shelfwire-docs-"));
    const ports = { PORT: "0", NATS_PORT: "0", REDIS_PORT: "0" };
    const data = { DATA_DIR: join(folder, "data"), DEMO: "0", LOG_LEVEL: "error" };
    up = spawn(process.execPath, [join(root, "ops/main.ts"), "up"], {
      env: { ...process.env, ...ports, ...data, ...settings },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (up.stdout === null) throw new Error("up has no output");
    await once(up.stdout, "data");
    http = JSON.parse(readFileSync(join(folder, "data/run.json"), "utf8")).http;
  }, 60_000);

  afterAll(async () => {
    const ended = once(up, "exit");
    up.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  /** Both outputs of a command line, in the order in which they came. */
  function run(command: string): Promise<string> {
    const typed = command
      .replaceAll("npx shelfwire", `'${process.execPath}' '${join(root, "ops/main.ts")}'`)
      .replaceAll("http://127.0.0.1:8080", http);
    const data = { DATA_DIR: join(folder, "data"), LOG_LEVEL: "error" };
    const env = { ...process.env, ...data, ...settings, ...variables };
    return new Promise((done) => {
      execFile("bash", ["-c", `{ ${typed} ; } 2>&1`], { cwd: folder, env }, (_error, output) =>
        done(output.trimEnd()),
      );
    });
  }

  test("what the page shows is what happens", { timeout: 300_000 }, async () => {
    expect(blocks.filter(({ kind }) => kind === "console").length).toBeGreaterThan(2);
    for (const { kind, file, text } of blocks) {
      if (file !== "") await writeFile(join(folder, file), text.trimEnd());
      if (kind !== "console") continue;
      for (const each of text.trimEnd().split(/^\$ /m).slice(1)) {
        const [command = "", ...said] = each.trimEnd().split("\n");
        const expected = patternOf(said.join("\n"));
        // Read models follow the log within milliseconds; what a command says of the log is so at once.
        if (command.startsWith("curl"))
          await expect.poll(() => run(command), { timeout: 20_000 }).toMatch(expected);
        else expect(await run(command), command).toMatch(expected);
      }
    }
  });
}

const patternOf = (said: string) =>
  new RegExp(
    `^${said
      .split("…")
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^]*?")}$`,
  );
