import { startEmbedded } from "../../ops/embedded/embedded.ts";
import { createLogger } from "../../ops/logger.ts";

/** An owner of embedded servers for tests to kill: takes the data folder, prints what it started. */

// A test that was itself killed must leave nothing behind.
process.stdin.resume().once("end", () => process.exit());

const [dataDir = ""] = process.argv.slice(2);
try {
  const embedded = await startEmbedded({
    dataDir,
    nats: { port: 0 },
    redis: { port: 0 },
    logger: createLogger("silent"),
  });
  console.log(JSON.stringify({ ...embedded.pids(), natsUrl: embedded.natsUrl }));
  process.once("SIGTERM", async () => {
    await embedded.stop();
    process.exit();
  });
} catch (error) {
  console.log(JSON.stringify({ refused: (error as Error).message }));
  process.exit(1);
}
