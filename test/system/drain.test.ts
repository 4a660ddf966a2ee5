import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { Agent, type IncomingHttpHeaders, request as send } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { attacks } from "../api/hostile/attacks.ts";
import { onslaught, secretTitle } from "../api/hostile/onslaught.ts";
import { hmac, jws, signingKey } from "../api/identity/issuer.ts";

/** `shelfwire up`, with two workers, among people: hostile ones, and an operator who takes the node out of service. */

const secret = "a secret of more than thirty-two bytes";
const drainMs = 1_000;
const known = "catalog.product.modified.known";
const target = {
  claims: { iss: "https://id.example", aud: "shop" },
  publicKeys: [signingKey("rsa", "RS256"), signingKey("ec", "ES256")],
  sign: (claims: object, header = {}) => jws({ alg: "HS256", ...header }, claims, hmac(secret)),
};

let dataDir: string;
let up: ChildProcess;
let ended: Promise<number | null>;
let run: { http: string; nats: string; token: string | null };
let printed = "";

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "shelfwire-drain-"));
  up = spawn(process.execPath, ["ops/main.ts", "up"], {
    env: {
      ...process.env,
      DATA_DIR: dataDir,
      PORT: "0",
      NATS_PORT: "0",
      REDIS_PORT: "0",
      DEMO: "0",
      JWT_SECRET: secret,
      JWT_ISSUER: target.claims.iss,
      JWT_AUDIENCE: target.claims.aud,
      WORKERS: "2",
      DRAIN_MS: String(drainMs),
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  ended = new Promise((resolve) => up.once("exit", resolve));
  await new Promise<void>((resolve, reject) => {
    up.stdout?.once("data", (text) => {
      printed = String(text);
      resolve();
    });
    up.once("exit", (code) => reject(new Error(`up ended with ${code}`)));
  });
  run = JSON.parse(readFileSync(join(dataDir, "run.json"), "utf8"));
  const connection = await connectNats({ servers: [run.nats], name: "test" });
  await connection.request("catalog.category.modified.shelf", '{"name":"Shelf"}');
  const stored = await connection.request(known, JSON.stringify({ title: secretTitle }));
  await connection.close();
  const after = { "catalog-min-version": `CATALOG/${stored.json<{ seq: number }>().seq}` };
  const { status } = await fetch(`${run.http}/api/products/known`, { headers: after });
  if (status !== 200) throw new Error(`the product answers ${status}`);
}, 120_000);

afterAll(async () => {
  up.kill("SIGKILL");
  await ended;
  await rm(dataDir, { recursive: true, force: true });
});

test("outside the demo no token is made or printed", () => {
  expect(run.token).toBeNull();
  expect(printed).toContain("Read");
  expect(printed).not.toContain("Token");
});

test("hostile requests get a 4xx from the whole of it as well", async () => {
  const port = Number(new URL(run.http).port);
  expect(await onslaught(port, attacks(target), { seed: 2, samples: 1_000, atOnce: 16 })).toEqual([]);
  const good = target.sign({ ...target.claims, sub: "ann", exp: Date.now() / 1_000 + 60 });
  const answer = await fetch(`${run.http}/api/products/known`, {
    headers: { authorization: `Bearer ${good}` },
  });
  expect([answer.status, Object.fromEntries(answer.headers)]).toMatchObject([
    200,
    {
      "cache-control": "private, max-age=0, must-revalidate",
      "cdn-cache-control": "no-store",
      vary: "Authorization, Accept-Encoding",
    },
  ]);
});

test("SIGTERM ends the node without a failed request", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const get = (path: string): Promise<{ status: number; headers: IncomingHttpHeaders }> =>
    new Promise((resolve, reject) => {
      const sent = send(run.http + path, { agent }, (response) => {
        response
          .resume()
          .on("error", reject)
          .on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
      });
      sent.on("error", reject).end();
    });

  // Clients that go on until nobody listens any more. A connection that is refused, or that still stood in the queue of a
  // port as it closed, carried no request.
  const isClosed = ({ code, syscall }: NodeJS.ErrnoException) =>
    code === "ECONNREFUSED" || (code === "ECONNRESET" && syscall === "connect");
  const failed: unknown[] = [];
  const count = { kept: 0, closed: 0 };
  const client = async () => {
    for (;;) {
      try {
        const { status, headers } = await get("/api/products/known");
        if (status !== 200) failed.push(status);
        count[headers.connection === "close" ? "closed" : "kept"]++;
      } catch (error) {
        if (!isClosed(error as NodeJS.ErrnoException)) failed.push(error);
        if ((error as NodeJS.ErrnoException).code === "ECONNREFUSED") return;
      }
    }
  };
  const clients = Array.from({ length: 16 }, client);
  await expect.poll(() => count.kept).toBeGreaterThan(500);

  // A request that is half sent when the signal comes, and whole only after the port has closed.
  const { hostname, port } = new URL(run.http);
  const slow = connect({ host: hostname, port: Number(port) });
  const good = target.sign({ ...target.claims, sub: "ann", exp: Date.now() / 1_000 + 60 });
  slow.write(
    `POST /api/me/views HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${good}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{`,
  );
  let answer = "";
  slow.on("data", (part) => {
    answer += part;
  });
  const cut = new Promise((resolve) => slow.on("close", resolve));

  up.kill("SIGTERM");
  const ready = async () => (await fetch(`${run.http}/readyz`)).json();
  await expect.poll(ready, { interval: 20 }).toMatchObject({ status: "draining" });
  const kept = count.kept;
  await Promise.all(clients);
  expect(failed).toEqual([]);
  // It answered on while it was draining, and each connection ended with an answer, from before and from since; some
  // once more, where the other worker's port closed a moment later.
  expect(count.kept).toBeGreaterThan(kept + 100);
  expect(count.closed).toBeGreaterThanOrEqual(2 * clients.length);

  slow.write("}");
  await cut;
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  expect(await ended).toBe(0);
  agent.destroy();
}, 60_000);
