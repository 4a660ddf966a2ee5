import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

/** `shelfwire up` as a user has it: plain node, a data folder, the bare protocol, the command line. */

let dataDir: string;
let up: ChildProcess;
let environment: NodeJS.ProcessEnv;
let run: { http: string; nats: string; redis: string; token: string };

async function start(): Promise<void> {
  up = spawn(process.execPath, ["ops/main.ts", "up"], {
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    up.stdout?.once("data", () => resolve());
    up.once("exit", (code) => reject(new Error(`up ended with ${code}`)));
  });
  run = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8"));
}

async function stop(signal: NodeJS.Signals): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => up.once("exit", resolve));
  up.kill(signal);
  return ended;
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "shelfwire-up-"));
  environment = {
    ...process.env,
    DATA_DIR: dataDir,
    PORT: "0",
    NATS_PORT: "0",
    REDIS_PORT: "0",
    WORKERS: "1",
    LOG_LEVEL: "error",
  };
  await start();
}, 120_000);

afterAll(async () => {
  await stop("SIGTERM");
  await rm(dataDir, { recursive: true, force: true });
});

const read = async (path: string) =>
  (await fetch(run.http + path)).json() as Promise<Record<string, unknown>>;
const shelfwire = (...args: string[]) =>
  promisify(execFile)(process.execPath, ["ops/main.ts", ...args], { env: environment });

/** One publish as any client of the protocol writes it, without headers; resolves with the reply, if asked. */
function publishBare(subject: string, payload: string, reply = false): Promise<string> {
  const { hostname, port } = new URL(run.nats);
  const socket = connect({ host: hostname, port: Number(port) });
  let heard = "";
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("data", (part) => {
      heard += part;
      const answered = reply
        ? /MSG _INBOX\.bare \S+ +\d+\r\n(.*)\r\n/.exec(heard)?.[1]
        : heard.includes("PONG") && "";
      if (answered === false || answered === undefined) return;
      socket.end();
      resolve(answered);
    });
    socket.write('CONNECT {"verbose":false}\r\n');
    if (reply) socket.write("SUB _INBOX.bare 1\r\n");
    socket.write(
      `PUB ${subject} ${reply ? "_INBOX.bare " : ""}${Buffer.byteLength(payload)}\r\n${payload}\r\nPING\r\n`,
    );
  });
}

test("the demo catalogue is there, with its images", async () => {
  const { categories } = (await read("/api/categories")) as { categories: { id: string }[] };
  expect(categories.length).toBe(8);
  const listing = (await read(`/api/categories/${categories[0]?.id}/products`)) as {
    total: number;
    items: { image: { url: string } }[];
  };
  expect(listing.total).toBeGreaterThan(300);
  const image = await fetch(run.http + listing.items[0]?.image.url);
  expect([image.status, image.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
});

test("the demo's token names a user, here and after the next start, and no other token does", async () => {
  const status = async (token: string) =>
    (await fetch(`${run.http}/api/me/nothing`, { headers: { authorization: `Bearer ${token}` } })).status;
  expect(await status(run.token)).toBe(404);
  expect(await status(`${run.token.slice(0, -4)}AAAA`)).toBe(401);
  const earlier = run.token;
  await stop("SIGTERM");
  await start();
  expect(await status(earlier)).toBe(404);
});

test("a bare PUB shows in the next reads, and one with a reply subject is acknowledged", async () => {
  const price = (amount: number) => JSON.stringify({ new_price: { amount, currency: "GBP" } });
  await publishBare("catalog.price.updated.BANK=20CHARGES", price(1_999));
  await expect
    .poll(() => read("/api/products/BANK%20CHARGES/price"), { interval: 5, timeout: 10_000 })
    .toMatchObject({ price: { amount: 1_999 } });
  const acknowledgement = JSON.parse(
    await publishBare("catalog.price.updated.BANK=20CHARGES", price(2_099), true),
  );
  expect(acknowledgement).toMatchObject({ stream: "CATALOG", seq: expect.any(Number) });
  const position = `CATALOG/${acknowledgement.seq}`;
  const answer = await fetch(`${run.http}/api/products/BANK%20CHARGES/price`, {
    headers: { "catalog-min-version": position },
  });
  expect(await answer.json()).toMatchObject({ price: { amount: 2_099, version: acknowledgement.seq } });
});

const natsTool = (() => {
  try {
    execFileSync("nats", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

test.runIf(natsTool)("nats pub works as typed (skipped where the tool is not on PATH)", async () => {
  const payload = '{"new_price":{"amount":777,"currency":"GBP"}}';
  execFileSync("nats", ["-s", run.nats, "pub", "catalog.price.updated.BANK=20CHARGES", payload], {
    stdio: "ignore",
  });
  await expect
    .poll(() => read("/api/products/BANK%20CHARGES/price"), { interval: 5, timeout: 10_000 })
    .toMatchObject({ price: { amount: 777 } });
});

test("the command line publishes, lists what is bad, takes the mended event and verifies", async () => {
  const { stdout } = await shelfwire(
    "publish",
    "catalog.inventory.changed.BANK=20CHARGES",
    '{"new_quantity":5}',
  );
  expect(JSON.parse(stdout)).toMatchObject({ stream: "CATALOG" });
  await expect(shelfwire("publish", "catalog.price.updated.BANK=20CHARGES", "{}")).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("new_price: is required"),
  });
  await publishBare("catalog.price.updated.BANK=20CHARGES", "{}");
  const listed = async () => (await shelfwire("quarantine", "list", "--json")).stdout.trim();
  await expect.poll(listed, { timeout: 20_000 }).not.toBe("");
  const { sequence, ...entry } = JSON.parse(await listed());
  expect(entry).toMatchObject({
    subject: "catalog.price.updated.BANK=20CHARGES",
    payload: "{}",
    reason: "new_price: is required",
  });
  await shelfwire("quarantine", "republish", String(sequence), '{"new_price":{"amount":3,"currency":"GBP"}}');
  expect(await listed()).toBe("");
  await expect.poll(() => read("/api/products/BANK%20CHARGES/price")).toMatchObject({ price: { amount: 3 } });
  const verified = await shelfwire("verify", "--json", "--sample", "50");
  expect(JSON.parse(verified.stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ differences: 0 });
}, 120_000);

test("a bad setting stops the start with one line", async () => {
  const start = promisify(execFile)(process.execPath, ["ops/main.ts", "up"], {
    env: { ...environment, PORT: "http" },
  });
  await expect(start).rejects.toMatchObject({
    code: 1,
    stderr: "shelfwire: PORT=http: must be a whole number from 0 to 65535\n",
  });
});

test("stopped and started again, it finds its data, also after kill -9", async () => {
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    const payload = JSON.stringify({ new_price: { amount: 4_242, currency: "GBP" } });
    await publishBare("catalog.price.updated.BANK=20CHARGES", payload, true);
    const code = await stop(signal);
    expect(code).toBe(signal === "SIGINT" ? 0 : null);
    await start();
    await expect
      .poll(() => read("/api/products/BANK%20CHARGES/price"))
      .toMatchObject({ price: { amount: 4_242 } });
  }
}, 120_000);
