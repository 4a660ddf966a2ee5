import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startEmbedded } from "../../ops/embedded/embedded.ts";
import { createLogger } from "../../ops/logger.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { ensureStreams } from "../../streams/jetstream/ensure.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import { LogRefused } from "../../streams/log.ts";

/** A log that is full refuses, in words, and drops nothing of what it acknowledged to make room. */

test("a full log keeps its first event, however long small ones try to get in", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-full-"));
  const embedded = await startEmbedded({
    dataDir,
    logger: createLogger("silent"),
    nats: { port: 0, storeBytesMax: 40 * 2 ** 20 },
  });
  try {
    const connection = await connectNats({ servers: [embedded.natsUrl ?? ""], name: "test" });
    // The stream's share is reached before the server's limit, where streams have shares.
    await ensureStreams(connection, { bytesMax: 20 * 2 ** 20, replicas: 1, knownEpochs: new Map() });
    const catalog = await openJetStreamLog(connection, "CATALOG");
    let acknowledged = 0;
    const fill = async (): Promise<never> => {
      for (; ; acknowledged++) await catalog.append("catalog.product.modified.P", Buffer.alloc(200_000, "x"));
    };
    await expect(fill).rejects.toThrow(LogRefused);
    await expect(fill).rejects.toThrow(/insufficient resources|maximum bytes exceeded/);
    // The smallest there are, as a client without headers sends them, with the longest of names.
    const subject = `catalog.product.modified.${"p".repeat(128)}`;
    for (let left = 2_000; left > 0; left--) {
      const { error } = (await connection.request(subject)).json<{ error?: object }>();
      if (error === undefined) acknowledged++;
    }
    expect(await catalog.bounds()).toMatchObject({ first: 1, last: acknowledged, messages: acknowledged });
    expect(await catalog.next("log.catalog.>", 1)).toMatchObject({ sequence: 1 });
    await connection.close();
  } finally {
    await embedded.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
