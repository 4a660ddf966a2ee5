import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Leashed, startLeashed } from "../../ops/embedded/leash.ts";

/**
 * The import of a real shop's invoices beside everything else. It is started again whenever it ended before
 * it was through, as a person or a timer would; importing once more at the end must publish nothing.
 */
export interface Importing {
  /** Ends it by SIGKILL, if it runs; it begins again. */
  kill(): Promise<void>;
  /** Resolves when it is through, with what importing once more published. */
  finish(): Promise<number>;
}

export function startImporting(options: {
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly dataDir: string;
  readonly files: readonly string[];
}): Importing {
  const { natsUrl, redisUrl, files } = options;
  const dataDir = join(options.dataDir, "import");
  const logFile = join(dataDir, "import.log");
  mkdirSync(dataDir, { recursive: true });
  let life: Leashed | undefined;

  async function run(): Promise<boolean> {
    const environment = [`NATS_URL=${natsUrl}`, `REDIS_URL=${redisUrl}`, `DATA_DIR=${dataDir}`];
    life = await startLeashed({
      command: ["env", ...environment, "LOG_LEVEL=error", process.execPath, "ops/main.ts"].concat(
        "import",
        "online-retail",
        ...files,
      ),
      pidFile: join(dataDir, "import.pid"),
      logFile,
    });
    const reason = await life.ended;
    life = undefined;
    return reason === "exit code 0";
  }

  const through = (async () => {
    while (!(await run()));
  })();

  return {
    async kill() {
      const { ended } = life ?? {};
      life?.kill("SIGKILL");
      await ended;
    },
    async finish() {
      await through;
      if (!(await run())) throw new Error(`importing once more failed: ${readFileSync(logFile, "utf8")}`);
      const summary = readFileSync(logFile, "utf8").trim().split("\n").at(-1) ?? "";
      return (JSON.parse(summary) as { published: number }).published;
    },
  };
}
