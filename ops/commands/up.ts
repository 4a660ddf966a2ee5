import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { openCatalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import { seedDemoCatalogue } from "../demo/seed.ts";
import { demoToken } from "../demo/token.ts";
import { hasDemoTokens } from "../identity.ts";
import type { Logger } from "../logger.ts";
import { createProviders } from "../purge/providers.ts";
import { startActorThreads } from "../roles/actor-threads.ts";
import { startApiWorkers } from "../roles/api-workers.ts";
import { startProjectors } from "../roles/projectors.ts";
import { startPurges } from "../roles/purges.ts";
import { removeRunFile, writeRunFile } from "../run-file.ts";
import { startServers } from "../servers.ts";
import { untilSignal } from "../signals.ts";

/** `shelfwire up`: everything in one process, on servers of its own unless the settings name others. */
export async function up(
  config: Config,
  logger: Logger,
  options: { readonly newLog: boolean },
): Promise<void> {
  const ended = untilSignal();
  removeRunFile(config.dataDir);
  const servers = await startServers(config, logger);
  const closers: (() => Promise<void>)[] = [() => servers.stop()];
  try {
    const { replicas, dataDir } = config;
    const projecting = await openCatalogue({
      ...options,
      servers,
      role: "projector",
      replicas,
      logger,
      redisTimeoutMs: 10_000,
    });
    closers.push(projecting.close);
    const projectors = startProjectors(projecting, logger);
    closers.push(projectors.stop);
    const purges = startPurges(projecting, createProviders(config.purge), logger);
    closers.push(purges.stop);
    const threads = startActorThreads(config, servers, logger);
    closers.push(threads.stop);
    if (config.demo) {
      const count = await seedDemoCatalogue({ ...projecting, now: Date.now() });
      if (count > 0) logger.info({ events: count }, "demo catalogue loaded");
    }
    const api = await startApiWorkers(config, servers, logger);
    closers.push(api.stop);
    if ((await Promise.race([api.untilReady(), ended])) === undefined) {
      const natsUrl = servers.natsUrls.join(",");
      const token = hasDemoTokens(config) ? await demoToken(config) : null;
      writeRunFile(dataDir, { http: api.url, nats: natsUrl, redis: servers.redisUrl, token });
      closers.push(async () => removeRunFile(dataDir));
      const example = parseIdentifier(config.demo ? "BANK CHARGES" : "85123A");
      if (example !== undefined) process.stdout.write(greeting(api.url, natsUrl, token, example));
      await ended;
    }
    logger.info("stopping");
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function greeting(http: string, nats: string, token: string | null, example: Identifier): string {
  const price = '{"new_price":{"amount":1999,"currency":"GBP"}}';
  return `
  Shelfwire is ready.

  Read      curl ${http}/api/categories
            curl ${http}/api/products/${encodeURIComponent(example)}
  Publish   nats -s ${nats} pub ${publicSubject("price.updated", example)} '${price}'
${token === null ? "" : `  Token     ${token}\n`}
`;
}
