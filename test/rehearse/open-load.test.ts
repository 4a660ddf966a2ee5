import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { openLoad, type OpenLoadOptions, type Told } from "../../ops/rehearse/open-load.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: RequestListener): Promise<Server> {
  const listening = createServer(answer).listen(0, "127.0.0.1");
  server = listening;
  await once(listening, "listening");
  return listening;
}

type Asked = { readonly path: string };

async function loadOn(
  listening: Server,
  options: Partial<OpenLoadOptions<Asked>>,
): Promise<readonly Told<Asked>[]> {
  const { port } = listening.address() as AddressInfo;
  const told: Told<Asked>[] = [];
  await openLoad({
    targets: [{ hostname: "127.0.0.1", port }],
    sources: [],
    // Enough for half a second in which this machine does other things.
    connections: 100,
    rate: () => 200,
    ms: 500,
    next: () => ({ path: "/x" }),
    settleMs: 5_000,
    onTold: (one) => told.push(one),
    ...options,
  });
  return told;
}

const body = Buffer.alloc(5_000, "x");
const answerFrom =
  (tier: string): RequestListener =>
  (_, response) =>
    response
      .writeHead(200, {
        "content-length": body.length,
        "cache-status": `shelfwire; hit; detail=${tier}`,
      })
      .end(body);

test("each request is told, with its status and who answered", async () => {
  const told = await loadOn(await serve(answerFrom("redis")), {});
  expect(told).toHaveLength(100);
  expect(told.map(({ at }) => at).sort((a, b) => a - b)).toEqual(told.map((_, turn) => 5 * turn));
  expect(new Set(told.map(({ status, tier, sent }) => `${status} ${tier} ${sent}`))).toEqual(
    new Set(["200 redis true"]),
  );
});

test("while a server stands still the waiting of those who could not even be sent is counted", async () => {
  let asked = 0;
  let freed = false;
  const released = Promise.withResolvers<void>();
  const listening = await serve(async (request, response) => {
    asked++;
    if (asked >= 20 && !freed) await released.promise;
    answerFrom("memory")(request, response);
  });
  const loading = loadOn(listening, { ms: 1_000, connections: 50 });
  while (asked < 20) await delay(5);
  await delay(400);
  freed = true;
  released.resolve();
  const told = await loading;
  expect(told).toHaveLength(200);
  // 50 waited, each since its own time; those that found no connection were not sent.
  const waited = told.filter(({ sent, tookMs }) => sent && tookMs > 100);
  expect(waited.length).toBeGreaterThan(20);
  const unsent = told.filter(({ sent }) => !sent);
  expect(unsent.length).toBeGreaterThan(5);
  expect(unsent.every(({ status }) => status === 0)).toBe(true);
  const longest = waited.map(({ tookMs }) => tookMs);
  expect(Math.max(...longest)).toBeGreaterThanOrEqual(395);
});

test("the rate follows the time", async () => {
  const told = await loadOn(await serve(answerFrom("memory")), { rate: (at) => (at < 250 ? 40 : 400) });
  expect(told.filter(({ at }) => at < 250)).toHaveLength(10);
  expect(told.filter(({ at }) => at >= 250)).toHaveLength(100);
});

test("it comes from every source", async () => {
  const seen = new Set<string | undefined>();
  const listening = await serve((request, response) => {
    seen.add(request.socket.remoteAddress);
    answerFrom("memory")(request, response);
  });
  await loadOn(listening, { sources: ["127.0.0.1", "127.0.0.2", "127.0.0.3"], connections: 6 });
  expect([...seen].sort()).toEqual(["127.0.0.1", "127.0.0.2", "127.0.0.3"]);
});

test("a connection that its server ends is opened anew, and who met that is sent again", async () => {
  let asked = 0;
  const listening = await serve((request, response) => {
    // The 150th, on connections that all have served one before, is met by a closed one, and so is who asks again.
    asked++;
    if (asked >= 150 && asked < 153) request.socket.destroy();
    else answerFrom("memory")(request, response);
  });
  listening.maxRequestsPerSocket = 3;
  const told = await loadOn(listening, { ms: 2_000 });
  expect(told.some(({ retried }) => retried)).toBe(true);
  expect(told.filter(({ status }) => status !== 200)).toEqual([]);
  expect(told).toHaveLength(400);
});

test("a server that never answers leaves errors, not a load that never ends", async () => {
  const told = await loadOn(await serve(() => {}), { ms: 100, settleMs: 200, connections: 100 });
  expect(told).toHaveLength(20);
  expect(told.every(({ status, sent }) => status === 0 && sent)).toBe(true);
});

test("where nobody listens it says so at once", async () => {
  const listening = await serve(() => {});
  const { port } = listening.address() as AddressInfo;
  listening.close();
  await once(listening, "close");
  const targets = [{ hostname: "127.0.0.1", port }];
  await expect(loadOn(listening, { targets })).rejects.toThrow();
});
