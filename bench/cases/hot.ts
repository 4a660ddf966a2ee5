import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "../http-load.ts";
import { fill, productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { median, pin, startRig } from "../rig.ts";
import { ended, startUp } from "../up.ts";

/**
 * Hot: one product from the gateway's cache, beside bare `node:http` that sends the same bytes and headers, in
 * turn, each alone on the second core; load, nats-server and redis-server are on the first.
 */
const connections = 32;
const turnMs = 3_000;
const turns = 7;

export async function hot(): Promise<readonly Row[]> {
  const rig = await startRig();
  const dataDir = await mkdtemp(join(tmpdir(), "shelfwire-hot-"));
  const children: ChildProcess[] = [];
  try {
    for (const pid of [rig.pids.nats, rig.pids.redis]) pin(pid, 0);
    await fill(rig.natsPort, 1_000, 1);
    const { child: up, http } = await startUp(rig, dataDir);
    children.push(up);
    const path = `/api/products/${productId(7)}`;
    const answer = await heldAnswer(http + path);
    const bare = await startBare(answer);
    children.push(bare.child);
    const ours: number[] = [];
    const theirs: number[] = [];
    const one = async (port: number) =>
      (await load({ port, path: () => path, connections, ms: turnMs })).requestsPerSecond;
    const ourPort = Number(new URL(http).port);
    await one(ourPort);
    await one(bare.port);
    for (let turn = 0; turn < turns; turn++) {
      theirs.push(await one(bare.port));
      ours.push(await one(ourPort));
    }
    return [
      {
        name: `hot, one product of ${answer.body.length} B from the gateway's cache, ${connections} connections`,
        ours: `${rate(median(ours))} requests/s`,
        yardstick: `${rate(median(theirs))} requests/s (bare node:http, same bytes and headers)`,
        ratio: median(ours.map((each, at) => each / (theirs[at] ?? Number.NaN))).toFixed(2),
        wanted: "at least 0.90",
        note: "",
      },
    ];
  } finally {
    for (const child of children) await ended(child);
    await rig.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The answer once it comes from memory, with its headers as they were sent. */
async function heldAnswer(
  url: string,
): Promise<{ readonly headers: readonly string[]; readonly body: string }> {
  for (;;) {
    const response = await fetch(url);
    const body = await response.text();
    if (response.headers.get("cache-status")?.endsWith("memory")) {
      const own = [...response.headers].filter(
        ([name]) => !["date", "connection", "keep-alive"].includes(name),
      );
      return { headers: own.flat(), body };
    }
  }
}

async function startBare(answer: object): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const flags = process.execArgv.filter((flag) => /semi-space|scavenge/.test(flag));
  const child = spawn(process.execPath, [...flags, "bench/bare-server.ts", JSON.stringify(answer)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  pin(child.pid, 1);
  const port = await new Promise<number>((resolve) =>
    child.stdout?.once("data", (data: Buffer) => resolve(Number(data.toString()))),
  );
  return { child, port };
}

const rate = (perSecond: number) => Math.round(perSecond).toLocaleString("en");
