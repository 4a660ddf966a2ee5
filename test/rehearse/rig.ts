import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCatalogue } from "../../ops/catalogue.ts";
import { parseConfig } from "../../ops/config.ts";
import { createLogger } from "../../ops/logger.ts";
import { freePort } from "../../ops/port.ts";
import { startServers } from "../../ops/servers.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { startShelfwire } from "../chaos/shelfwire.ts";
import { createPublishing } from "../outages/publishing.ts";
import { createShop } from "../outages/shop.ts";

/** A system to be rehearsed on: each role a process, so that what the node costs can be told from the rest. */
export interface Rig {
  readonly node: string;
  /** For commands that are to find it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Resolves with what did not end in order. */
  stop(): Promise<readonly string[]>;
}

export interface RigSettings {
  readonly products: number;
  /** Threads of the API. */
  readonly workers: number;
}

export async function startRig({ products, workers }: RigSettings): Promise<Rig> {
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-rehearse-"));
  const closers: (() => Promise<string | undefined>)[] = [];
  const stop = async (): Promise<readonly string[]> => {
    const disorderly: string[] = [];
    for (const close of closers.splice(0).reverse()) {
      const told = await close();
      if (told !== undefined) disorderly.push(told);
    }
    if (disorderly.length === 0) rmSync(dataDir, { recursive: true, force: true });
    return disorderly;
  };
  const closing = (close: () => Promise<void>) =>
    closers.push(async () => {
      await close();
      return undefined;
    });
  try {
    const logger = createLogger("silent");
    const own = { DATA_DIR: dataDir, NATS_PORT: "0", REDIS_PORT: "0", DEMO: "0" };
    const servers = await startServers(parseConfig(own), logger);
    closing(servers.stop);
    const port = await freePort(0);
    const shared = { NATS_URL: servers.natsUrls.join(), REDIS_URL: servers.redisUrl, LOG_LEVEL: "info" };
    const environmentOf = (role: string) => ({
      ...shared,
      PORT: String(port),
      HOST: "127.0.0.1",
      WORKERS: String(workers),
      DATA_DIR: join(dataDir, role),
    });
    for (const role of ["projector", "api", "actors"] as const) {
      const life = await startShelfwire({ role, dataDir, environment: environmentOf(role) });
      closers.push(async () => ((await life.stop()) ? life.deaths[0] : `${role} did not end in order`));
    }
    const opening = { servers, role: "rehearsal", replicas: 1, logger, redisTimeoutMs: 10_000 };
    const catalogue = await openCatalogue(opening);
    closing(catalogue.close);
    const shop = createShop(products);
    const publishing = createPublishing({ log: catalogue.catalog, shop, perSecond: 0, onPrice() {} });
    await publishing.open();
    if (publishing.wrong.length > 0) throw new Error(publishing.wrong[0]);
    const { readModel, versions } = catalogue;
    await untilReached({ readModel, versions: versions.catalog }, (await catalogue.catalog.bounds()).last);
    return {
      node: `http://127.0.0.1:${port}`,
      environment: { ...shared, DATA_DIR: join(dataDir, "rehearsal") },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
