import { type Catalogue, openCatalogue } from "../catalogue.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import { findServers, type Servers } from "../servers.ts";

/** Runs one piece of work on an opened catalogue and closes it, whatever came of it. */
export async function withCatalogue<T>(
  config: Config,
  logger: Logger,
  role: string,
  work: (catalogue: Catalogue, servers: Servers) => Promise<T>,
): Promise<T> {
  const servers = await findServers(config, logger);
  try {
    const catalogue = await openCatalogue({
      servers,
      role,
      replicas: config.replicas,
      logger,
      redisTimeoutMs: 10_000,
    });
    try {
      return await work(catalogue, servers);
    } finally {
      await catalogue.close();
    }
  } finally {
    await servers.stop();
  }
}
