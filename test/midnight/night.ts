import { hotKey } from "../../actors/hot/hot-owner.ts";
import type { Catalogue } from "../../ops/catalogue.ts";
import { freePort } from "../../ops/port.ts";
import type { Shelfwire } from "../chaos/shelfwire.ts";
import { startSystem } from "../chaos/system.ts";

/**
 * All that runs at midnight, each a process: nats-server and redis-server, which come back by themselves, a projector, two
 * processes of actors, of which one looks after hot products, and two API nodes.
 */
export interface Night {
  /** On connections of the trial's own. */
  readonly catalogue: Catalogue;
  readonly nodes: readonly [ApiNode, ApiNode];
  /** The process that looks after hot products now; undefined where none does. */
  owner(): Promise<Shelfwire | undefined>;
  /** SIGKILL; resolves when it answers again. */
  killRedis(): Promise<void>;
  /** Ends everything. Resolves with what did not end in order, or ended before its time. */
  stop(): Promise<readonly string[]>;
}

export interface ApiNode {
  readonly name: string;
  readonly url: string;
  /** SIGKILL; resolves when its next life answers. */
  kill(): Promise<void>;
  /** Whether it was dead at any moment between these two, in monotonic milliseconds. */
  wasDead(from: number, to: number): boolean;
}

/** API threads of each node. */
const workers = 2;

export async function startNight(dataDir: string, warmSeconds: number): Promise<Night> {
  const ports = [await freePort(0), await freePort(0)] as const;
  const { catalogue, processNamed, signal, untilAnswers, stop } = await startSystem({
    dataDir,
    environment: { WORKERS: String(workers), SALE_WARM_SECONDS: String(warmSeconds) },
    processes: [
      { role: "projector", name: "projector" },
      { role: "actors", name: "actors-1" },
      { role: "actors", name: "actors-2" },
      { role: "api", name: "api-1", environment: { PORT: String(ports[0]) } },
      { role: "api", name: "api-2", environment: { PORT: String(ports[1]) } },
    ],
  });
  const actors = [processNamed("actors-1"), processNamed("actors-2")];
  return {
    catalogue,
    nodes: [
      apiNode("api-1", ports[0], processNamed("api-1")),
      apiNode("api-2", ports[1], processNamed("api-2")),
    ],
    async owner() {
      const about = (await catalogue.leases.owners()).get(hotKey);
      const { pid } = JSON.parse(about ?? "{}") as { readonly pid?: number };
      return actors.find((one) => pid !== undefined && one.pid() === pid);
    },
    async killRedis() {
      if (!signal("redis", "SIGKILL")) throw new Error("redis-server does not run");
      await untilAnswers("redis");
    },
    stop,
  };
}

function apiNode(name: string, port: number, life: Shelfwire): ApiNode {
  let diedAt = Infinity;
  let backAt = Infinity;
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    async kill() {
      diedAt = performance.now();
      await life.kill();
      backAt = performance.now();
    },
    wasDead: (from, to) => from <= backAt && to >= diedAt,
  };
}
