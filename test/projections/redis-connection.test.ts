import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { connectRedis, didNotAnswer } from "../../projections/redis/connection.ts";
import { startServers } from "../servers.ts";

/** A start that Redis refused ends, so that whoever manages the service starts it again. */

const connecting = (url: string) => `
  import { connectRedis } from "./projections/redis/connection.ts";
  await connectRedis({ url: "${url}", commandTimeoutMs: 200 }).catch(({ message }) => console.log(message));
`;

async function outcomeOf(port: number): Promise<string> {
  const script = connecting(`redis://127.0.0.1:${port}`);
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    timeout: 20_000,
  });
  return (await run).stdout;
}

test("a process whose first connection fails has nothing left to wait for", async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await outcomeOf(port), "a server that hangs up").toMatch(/closed/);
  server.close();
  await once(server, "close");
  expect(await outcomeOf(port), "no server").toMatch(/closed/);
});

test("an error tells a server that does not answer from one that says no", async () => {
  const servers = await startServers("redis");
  const redis = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 200 });
  const failure = (work: Promise<unknown>) => work.then(() => undefined, didNotAnswer);
  try {
    await redis.set("text", "abc");
    expect(await failure(redis.incr("text"))).toBe(false);
    expect(await failure(redis.get("text").then((text) => JSON.parse(text ?? "")))).toBe(false);
    servers.signal("redis", "SIGSTOP");
    expect(await failure(redis.get("text"))).toBe(true);
    servers.signal("redis", "SIGCONT");
    servers.signal("redis", "SIGKILL");
    await expect.poll(() => redis.status).not.toBe("ready");
    expect(await failure(redis.get("text"))).toBe(true);
  } finally {
    redis.disconnect();
    await servers.stop();
  }
});
