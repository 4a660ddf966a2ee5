import { openCatalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import { openIdentity } from "../identity.ts";
import type { Logger } from "../logger.ts";
import { apiRedisTimeoutMs, startApi } from "../roles/api.ts";
import { startProjectors } from "../roles/projectors.ts";
import { findServers } from "../servers.ts";
import { untilSignal } from "../signals.ts";

/** `shelfwire api` and `shelfwire projector`: one role in a process of its own, to run many of. */

export async function api(config: Config, logger: Logger): Promise<void> {
  const ended = untilSignal();
  const servers = await findServers(config, logger);
  const catalogue = await openCatalogue({
    servers,
    role: "api",
    replicas: config.replicas,
    logger,
    redisTimeoutMs: apiRedisTimeoutMs,
  });
  const running = await startApi(catalogue, {
    host: config.host,
    port: config.port,
    drainMs: config.drainMs,
    identity: openIdentity(config, logger),
    cacheBytesMax: config.cacheBytesMax,
    logger,
  });
  logger.info({ http: running.url }, "the API listens");
  await ended;
  await running.stop();
  await catalogue.close();
  await servers.stop();
}

export async function projector(config: Config, logger: Logger): Promise<void> {
  const ended = untilSignal();
  const servers = await findServers(config, logger);
  const catalogue = await openCatalogue({
    servers,
    role: "projector",
    replicas: config.replicas,
    logger,
    redisTimeoutMs: 10_000,
  });
  const running = startProjectors(catalogue, logger);
  await ended;
  await running.stop();
  await catalogue.close();
  await servers.stop();
}
