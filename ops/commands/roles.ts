import { openCatalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import { createProviders } from "../purge/providers.ts";
import { startActorThreads } from "../roles/actor-threads.ts";
import { startApiWorkers } from "../roles/api-workers.ts";
import { startProjectors } from "../roles/projectors.ts";
import { startPurges } from "../roles/purges.ts";
import { findServers } from "../servers.ts";
import { untilSignal } from "../signals.ts";

/** `shelfwire api`, `shelfwire projector` and `shelfwire actors`: one role in a process of its own, to run many of. */

export async function api(config: Config, logger: Logger): Promise<void> {
  const ended = untilSignal();
  const servers = await findServers(config, logger);
  const running = await startApiWorkers(config, servers, logger);
  logger.info({ http: running.url }, "the API listens");
  await ended;
  await running.stop();
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

/** Stock, of which each process keeps its share, and actors of which the cluster needs one: the others wait for its lease. */
export async function actors(config: Config, logger: Logger): Promise<void> {
  const ended = untilSignal();
  const servers = await findServers(config, logger);
  const catalogue = await openCatalogue({
    servers,
    role: "actors",
    replicas: config.replicas,
    logger,
    redisTimeoutMs: 10_000,
  });
  const purges = startPurges(catalogue, createProviders(config.purge), logger);
  const threads = startActorThreads(config, servers, logger);
  logger.info("the actors have begun");
  await ended;
  await Promise.all([purges.stop(), threads.stop()]);
  await catalogue.close();
  await servers.stop();
}
