import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";

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
