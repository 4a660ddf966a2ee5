import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../ops/port.ts";
import type { Servers } from "../ops/servers.ts";
import { nodeFlags } from "../ops/setup/node-flags.mjs";
import { pin } from "./rig.ts";

/** What is measured, each as a process of its own on the second core. */
export interface Running {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Service extends Running {
  /** Where it answers HTTP, on 127.0.0.1. */
  readonly port: number;
}

/** Whose tokens are good in a benchmark; without a secret one would be made and kept in a folder. */
export const benchSecret = "whoever-buys-in-a-benchmark-has-a-token";

/** `shelfwire api`. Resolves when it is level with the log, for which a projector must be at work. */
export async function startApi(servers: Servers, settings: NodeJS.ProcessEnv): Promise<Service> {
  const port = await freePort(0);
  const { child, ...running } = start(["ops/main.ts", "api"], {
    ...environmentOf(servers),
    ...settings,
    PORT: String(port),
    // One core, one thread.
    WORKERS: "1",
    DRAIN_MS: "0",
  });
  while (!(await isReady(port))) {
    if (child.exitCode !== null) throw new Error(`shelfwire api ended with ${child.exitCode}`);
    await delay(50);
  }
  return { ...running, port };
}

export function startProjector(servers: Servers): Running {
  const { pid, stop } = start(["ops/main.ts", "projector"], environmentOf(servers));
  return { pid, stop };
}

/** `shelfwire actors`, for the edges that the settings name. */
export function startActors(servers: Servers, settings: NodeJS.ProcessEnv): Running {
  const { pid, stop } = start(["ops/main.ts", "actors"], { ...environmentOf(servers), ...settings });
  return { pid, stop };
}

/** A server of `bench/yardsticks`, which prints its port. */
export async function startYardstick(
  name: "bare" | "textbook" | "tuned",
  ...args: readonly string[]
): Promise<Service> {
  const { child, ...running } = start([`bench/yardsticks/${name}.ts`, ...args], {});
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout?.once("data", (data: Buffer) => resolve(Number(data.toString())));
    child.once("exit", (code) => reject(new Error(`the yardstick ${name} ended with ${code}`)));
  });
  return { ...running, port };
}

/** Bare `node:http` that sends what the API answers from memory, bytes and headers. */
export async function startBare(api: Service, path: string): Promise<Service> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${api.port}${path}`);
    const body = await response.text();
    if (response.headers.get("cache-status")?.endsWith("memory") !== true) continue;
    const own = [...response.headers].filter(
      ([name]) => !["date", "connection", "keep-alive"].includes(name),
    );
    return startYardstick("bare", JSON.stringify({ headers: own.flat(), body }));
  }
}

function environmentOf({ natsUrls, redisUrl }: Servers): NodeJS.ProcessEnv {
  return {
    NATS_URL: natsUrls.join(","),
    REDIS_URL: redisUrl,
    LOG_LEVEL: "error",
    JWT_SECRET: benchSecret,
  };
}

function start(args: readonly string[], settings: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [...nodeFlags, ...args], {
    env: { ...process.env, ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${process.execPath} could not be started`);
  pin(pid, 1);
  return { pid, child, stop: () => ended(child) };
}

async function isReady(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
  await answer?.body?.cancel();
  return answer?.ok === true;
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  child.stdout?.resume();
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.kill("SIGTERM");
  return closed;
}
