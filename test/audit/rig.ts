import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Edge, startEdge } from "../../ops/edge/edge.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import { createLogger } from "../../ops/logger.ts";
import { startWorld, type World } from "../chaos/world.ts";
import { createPublishing, type Publishing } from "../outages/publishing.ts";
import { createShop } from "../outages/shop.ts";
import { openPurgeDoor, type PurgeDoor } from "./purge-door.ts";
import { createReaders, type Readers } from "./readers.ts";

/** A whole shop under steady change, as processes: servers, two nodes, Varnish in front of them, its purge actor, readers. */
export interface Rig {
  readonly world: World;
  readonly nodes: readonly string[];
  readonly edgeUrl: string;
  readonly purges: PurgeDoor;
  readonly publishing: Publishing;
  readonly readers: Readers;
  /** Ends Varnish; readers go to the nodes. */
  takeEdgeAway(): Promise<void>;
  bringEdgeBack(): Promise<void>;
  /** The processes that are audited, as they are now. */
  pids(): readonly number[];
  /** Resolves with what did not end in order. */
  stop(): Promise<readonly string[]>;
}

export interface RigSettings {
  readonly products: number;
  readonly changesPerSecond: number;
  readonly readsPerSecond: number;
  readonly workers: number;
}

export async function startRig({
  products,
  changesPerSecond,
  readsPerSecond,
  workers,
}: RigSettings): Promise<Rig> {
  const dataDir = mkdtempSync(join(tmpdir(), "shelfwire-audit-"));
  const purges = await openPurgeDoor();
  let world: World | undefined;
  let edge: Edge | undefined;
  const end = async (): Promise<readonly string[]> => {
    await edge?.stop();
    const disorderly = [...(world?.shelfwire.deaths ?? []), ...(world?.secondNode?.deaths ?? [])];
    disorderly.push(...((await world?.stop()) ?? []));
    await purges.close();
    if (disorderly.length === 0) rmSync(dataDir, { recursive: true, force: true });
    return disorderly;
  };
  try {
    const environment = { PURGE_VARNISH: purges.url };
    const begun = await startWorld({ dataDir, withProjector: false, secondNode: true, workers, environment });
    world = begun;
    const nodes = [begun.apiUrl, begun.secondNodeUrl];
    const startVarnish = (port: number) =>
      startEdge({
        urls: nodes,
        purgers: ["127.0.0.1"],
        probePath: "/readyz",
        dataDir: join(dataDir, "edge"),
        host: "127.0.0.1",
        port,
        cacheBytesMax: 256 * 2 ** 20,
        logger: createLogger("silent"),
      });
    edge = await startVarnish(0);
    const { url: edgeUrl, port } = edge;
    purges.leadTo(edgeUrl);
    const shop = createShop(products);
    const log = begun.catalogue.catalog;
    const publishing = createPublishing({ log, shop, perSecond: changesPerSecond, onPrice() {} });
    await publishing.open();
    const { readModel, versions } = begun.catalogue;
    await untilReached({ readModel, versions: versions.catalog }, (await log.bounds()).last);
    publishing.begin();
    const readers = createReaders({ shop, edgeUrl, nodes, perSecond: readsPerSecond });
    return {
      world: begun,
      nodes,
      edgeUrl,
      purges,
      publishing,
      readers,
      async takeEdgeAway() {
        await edge?.stop();
        edge = undefined;
      },
      async bringEdgeBack() {
        edge = await startVarnish(port);
      },
      pids: () =>
        [begun.shelfwire.pid(), begun.secondNode?.pid(), edge?.pid()].filter((pid) => pid !== undefined),
      async stop() {
        await readers.stop();
        await publishing.stop();
        return [...publishing.wrong, ...(await end())];
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
