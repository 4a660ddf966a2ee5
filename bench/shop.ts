import { fill } from "./mix.ts";
import { pin, type Rig, startRig } from "./rig.ts";
import { type Running, type Service, startApi, startProjector } from "./services.ts";

/**
 * A catalogue that is read: the log filled with a round of `bench/mix.ts`, Redis made level with it and kept so by a
 * projector of its own. What is measured has the second core; all else is on the first.
 */
export interface Shop {
  readonly rig: Rig;
  /** nats-server, redis-server and the projector. */
  readonly pids: readonly number[];
  /** An API process, level with the log. */
  addApi(settings: { readonly CACHE_BYTES: string; readonly PURGE_VARNISH?: string }): Promise<Service>;
  /** It ends with the shop. */
  add<One extends Running>(service: One): One;
  close(): Promise<void>;
}

export async function openShop(products: number): Promise<Shop> {
  const rig = await startRig();
  const running: Running[] = [];
  const close = async () => {
    for (const { stop } of running.reverse()) await stop();
    await rig.close();
  };
  try {
    await fill(rig.natsPort, products, 1);
    const projector = startProjector(rig.servers);
    running.push(projector);
    return {
      rig,
      pids: [rig.pids.nats, rig.pids.redis, projector.pid].filter((pid) => pid !== undefined),
      async addApi(settings) {
        const api = await startApi(rig.servers, settings);
        running.push(api);
        // From now on the projector only says that it is at the head.
        for (const pid of [rig.pids.nats, rig.pids.redis, projector.pid]) pin(pid, 0);
        return api;
      },
      add(service) {
        running.push(service);
        return service;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
