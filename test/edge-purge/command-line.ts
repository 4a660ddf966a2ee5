import { type ChildProcess, spawn } from "node:child_process";
import { afterEach } from "vitest";
import type { Shop } from "./shop.ts";

/** The operator's tool as processes on a shop's servers. None outlives the test that started it. */
export interface Command {
  readonly ended: Promise<{ readonly code: number | null; readonly said: string; readonly told: string }>;
  kill(): void;
}

export type CommandLine = (args: readonly string[], settings?: Readonly<Record<string, string>>) => Command;

export function commandLineOn(shop: () => Shop): CommandLine {
  const children = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
  });
  return (args, settings = {}) => {
    const child: ChildProcess = spawn(process.execPath, ["ops/main.ts", ...args], {
      env: { PATH: process.env.PATH, LOG_LEVEL: "error", ...shop().environment, ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    let [said, told] = ["", ""];
    child.stdout?.on("data", (data: Buffer) => (said += data.toString()));
    child.stderr?.on("data", (data: Buffer) => (told += data.toString()));
    const ended: Command["ended"] = new Promise((resolve) =>
      child.on("close", (code) => resolve({ code, said, told })),
    );
    return { ended, kill: () => child.kill("SIGTERM") };
  };
}
