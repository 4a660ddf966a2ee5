import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Leashed, startLeashed } from "../../ops/embedded/leash.ts";
import { nodeFlags } from "../../ops/setup/node-flags.mjs";

/**
 * One process of Shelfwire under a service manager: ended by whatever cause, it is started again until it
 * runs. On a leash, so that it never outlives the trial, whatever becomes of that.
 */
export interface Shelfwire {
  /** Undefined between two of its lives. */
  pid(): number | undefined;
  /** Ends it by SIGKILL; resolves when its next life is ready. */
  kill(): Promise<void>;
  /** Ends by SIGTERM; resolves with whether it did so in order and in time. */
  stop(): Promise<boolean>;
  /** How often it ended although nobody killed it, with the reasons. */
  readonly deaths: readonly string[];
}

export interface ShelfwireSettings {
  /** The role, as its command line has it. */
  readonly role: "up" | "projector" | "api" | "actors";
  /** Tells it from others of its role in the names of its files; absent: the role. */
  readonly name?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly dataDir: string;
}

/** What each role says once it does its work. */
const readyWords = {
  up: "Shelfwire is ready",
  projector: "partitions shared out",
  api: "the API listens",
  actors: "the actors have begun",
} as const;

const stopMsMax = 8_000;
/** For giving up, also where the machine is busy with other things. */
const readyMsMax = 90_000;
const pauseMs = 100;

export async function startShelfwire(settings: ShelfwireSettings): Promise<Shelfwire> {
  const { role, name = role, environment, dataDir } = settings;
  const logFile = join(dataDir, "logs", `${name}.log`);
  const deaths: string[] = [];
  let living: Leashed | undefined;
  let ready = false;
  let wanted: "running" | "killed" | "stopped" = "running";
  mkdirSync(join(dataDir, "logs"), { recursive: true });

  async function begin(): Promise<Leashed> {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const saidBefore = said().length;
    const life = await startLeashed({
      command: ["env", ...variables, process.execPath, ...nodeFlags, "ops/main.ts", role],
      pidFile: join(dataDir, `${name}.pid`),
      logFile,
    });
    living = life;
    void watch(life, saidBefore);
    return life;
  }

  function said(): string {
    try {
      return readFileSync(logFile, "utf8");
    } catch {
      return "";
    }
  }

  async function watch(life: Leashed, saidBefore: number): Promise<void> {
    while (living === life && !ready) {
      ready = said().slice(saidBefore).includes(readyWords[role]);
      await delay(20);
    }
  }

  async function keep(first: Leashed): Promise<void> {
    for (let current = first; ; current = await begin()) {
      const reason = await current.ended;
      living = undefined;
      // A start is refused while a server is away; to end after that has no excuse.
      if (wanted === "running" && ready) deaths.push(`${name}: ${reason}`);
      if (wanted === "stopped") return;
      wanted = "running";
      ready = false;
      await delay(pauseMs);
    }
  }

  async function untilReady(): Promise<void> {
    for (const deadline = performance.now() + readyMsMax; !ready; await delay(20)) {
      if (performance.now() > deadline)
        throw new Error(`${name} is not ready after ${readyMsMax} ms: ${said().slice(-2_000)}`);
    }
  }

  const kept = keep(await begin());
  try {
    await untilReady();
  } catch (error) {
    // Nobody else knows of it.
    wanted = "stopped";
    living?.kill("SIGKILL");
    throw error;
  }
  return {
    pid: () => living?.pid,
    deaths,
    async kill() {
      if (living === undefined) return;
      wanted = "killed";
      ready = false;
      living.kill("SIGKILL");
      await living.ended;
      await untilReady();
    },
    async stop() {
      wanted = "stopped";
      const timer = setTimeout(() => living?.kill("SIGKILL"), stopMsMax);
      living?.kill("SIGTERM");
      const reason = await living?.ended;
      await kept;
      clearTimeout(timer);
      return reason === "exit code 0";
    },
  };
}
