import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";

import { freePort } from "../../../ops/port.ts";

/**
 * The public suite of tests for HTTP caches, at one version, as its own programs: an origin that answers as each test
 * wants it, and a client that asks through the cache. It is fetched when it is wanted, into a folder of its own, since
 * one of its dependencies is an npm of years ago, which beside our own packages would come before the real one.
 */
const version = "0.4.5";
const folder = resolve(import.meta.dirname, "../../../.data/http-cache-tests");
const suiteFolder = join(folder, "node_modules/http-cache-tests");

/** `required` where a test says nothing. */
export type Kind = "required" | "optimal" | "check";

export interface SuiteTest {
  readonly id: string;
  readonly name: string;
  readonly kind: Kind;
  readonly browserOnly: boolean;
}

/** By test: true, or what kind of failure it is, and what was wrong. */
export type Results = Readonly<Record<string, true | readonly [string, string]>>;

export interface Suite {
  readonly version: string;
  readonly tests: readonly SuiteTest[];
  /** Of the suite's origin. */
  readonly originPort: number;
  /** Asks through the cache of that port. */
  run(cachePort: number): Promise<Results>;
  stop(): Promise<void>;
}

export async function openSuite(): Promise<Suite> {
  if (!existsSync(join(suiteFolder, "package.json"))) await install();
  const listed = (await import(pathToFileURL(join(suiteFolder, "tests/index.mjs")).href)) as {
    readonly default: readonly {
      readonly tests: readonly {
        readonly id: string;
        readonly name: string;
        readonly kind?: Kind;
        readonly browser_only?: boolean;
      }[];
    }[];
  };
  const tests = listed.default.flatMap(({ tests: all }) =>
    all.map(({ id, name, kind = "required", browser_only: browserOnly = false }) => ({
      id,
      name,
      kind,
      browserOnly,
    })),
  );
  const originPort = await freePort(0);
  const settings = { npm_config_protocol: "http", npm_config_port: String(originPort) };
  const origin = program("server/server.mjs", {
    ...settings,
    npm_config_pidfile: join(folder, "server.pid"),
  });
  origin.stdout.resume();
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${originPort}/`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) break;
    if (origin.exitCode !== null) throw new Error("the suite's origin ended");
    await delay(50);
  }
  return {
    version,
    tests,
    originPort,
    async run(cachePort) {
      const client = program("cli.mjs", {
        npm_config_base: `http://127.0.0.1:${cachePort}`,
        npm_package_config_id: "",
      });
      const said: Buffer[] = [];
      client.stdout.on("data", (data: Buffer) => said.push(data));
      await once(client, "close");
      const text = Buffer.concat(said).toString();
      return JSON.parse(text.slice(text.indexOf("{"))) as Results;
    },
    async stop() {
      const ended = once(origin, "close");
      origin.kill();
      await ended;
    },
  };
}

function program(path: string, settings: NodeJS.ProcessEnv) {
  return spawn(process.execPath, ["--no-warnings", path], {
    cwd: suiteFolder,
    env: { ...process.env, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function install(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const npm = spawn("npm", ["install", "--prefix", folder, ...quiet, `http-cache-tests@${version}`], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = (await once(npm, "close")) as [number | null];
  if (code !== 0) throw new Error(`http-cache-tests ${version} could not be had from npm`);
}
