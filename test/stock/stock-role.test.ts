import { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";
import { inventorySubject } from "../../actors/stock/catalog-counts.ts";
import { askStock } from "../../actors/stock/stock-asking.ts";
import { parseConfig } from "../../ops/config.ts";
import type { ThreadSettings } from "../../ops/roles/actor-threads.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { openAsking } from "../../streams/jetstream/asking.ts";
import { partitionOf } from "../../streams/partition.ts";
import { openStreams, startServers } from "../servers.ts";
import { freshId } from "../streams/id.ts";
import { wanting } from "./world.ts";

/** The thread that keeps stock, with a server of its own, and without Redis. */

test("while Redis is away a keeper begins, and answers", async () => {
  const servers = await startServers("nats");
  const { connection, catalog } = await openStreams(servers.natsUrl);
  const nothingListens = "redis://127.0.0.1:1";
  const settings: ThreadSettings = {
    config: parseConfig({ LOG_LEVEL: "error", REDIS_URL: nothingListens }),
    servers: { natsUrls: [servers.natsUrl], redisUrl: nothingListens, logBytesMax: 2 ** 30 },
  };
  const thread = new Worker(new URL("../../ops/roles/stock-thread.ts", import.meta.url), {
    workerData: settings,
  });
  const failed = new Promise<never>((_, reject) => thread.on("error", reject));
  try {
    const mug = freshId();
    await catalog.append(inventorySubject(mug), Buffer.from('{"new_quantity":2}'));
    const stock = askStock(openAsking(connection));
    const request = { ...wanting("a", mug, 2), until: Date.now() + 60_000 };
    const hold = () => stock.hold(partitionOf(tokenOf(mug)), request);
    const answered = vi.waitFor(hold, { timeout: 50_000, interval: 100 });
    expect(await Promise.race([answered, failed])).toEqual({ outcome: "held" });
    const stopped = new Promise((resolve) => thread.on("message", resolve));
    thread.postMessage("stop");
    expect(await Promise.race([stopped, failed])).toBe("stopped");
  } finally {
    await thread.terminate();
    await connection.close();
    await servers.stop();
  }
});
