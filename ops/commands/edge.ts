import { join } from "node:path";
import type { Config } from "../config.ts";
import { startEdge } from "../edge/edge.ts";
import type { Logger } from "../logger.ts";
import { bindBriefly } from "../port.ts";
import { orRefuse, Refused } from "../refused.ts";
import { readRunFile } from "../run-file.ts";
import { untilSignal } from "../signals.ts";

/** `shelfwire edge`: Varnish in front of the API, until a signal ends it. */
export async function edge(config: Config, logger: Logger): Promise<void> {
  const ended = untilSignal();
  const {
    dataDir,
    edgeHost: host,
    edgePort,
    edgePurgers: purgers,
    edgeCacheBytesMax: cacheBytesMax,
  } = config;
  const urls = config.edgeOrigins ?? originsIn(dataDir);
  const port = await orRefuse(
    bindBriefly({ host, port: edgePort }),
    `EDGE_HOST=${host} EDGE_PORT=${edgePort}`,
    "choose another one; EDGE_PORT=0 takes any that is free",
  );
  const running = await startEdge({
    urls,
    purgers,
    probePath: "/readyz",
    dataDir: join(dataDir, "edge"),
    host,
    port,
    cacheBytesMax,
    logger,
  });
  process.stdout.write(`
  The edge is ready, in front of ${urls.join(", ")}.

  Read      curl -i ${running.url}/api/categories
  Purge     curl -X PURGE -H 'xkey-softpurge: product-BANK=20CHARGES' ${running.url}/

`);
  await ended;
  logger.info("stopping");
  await running.stop();
}

function originsIn(dataDir: string): readonly string[] {
  const run = readRunFile(dataDir);
  if (run !== undefined) return [run.http];
  throw new Refused(
    `EDGE_ORIGIN is not set, and ${join(dataDir, "run.json")} names no running API: start one with \`npm start\`, or set EDGE_ORIGIN=http://HOST:PORT`,
  );
}
