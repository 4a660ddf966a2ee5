import { connectNats } from "../streams/jetstream/connection.ts";
import { assertMapping, ensureStreams, forgetDerived, isWhole } from "../streams/jetstream/ensure.ts";
import { openEpochRecord } from "../streams/jetstream/epochs.ts";
import { openJetStreamLeases } from "../streams/jetstream/leases.ts";
import { openJetStreamLog } from "../streams/jetstream/log.ts";
import type { Asking } from "../streams/asking.ts";
import type { Broadcast } from "../streams/broadcast.ts";
import type { OpenConsumer } from "../streams/durable-consumer.ts";
import { openAsking } from "../streams/jetstream/asking.ts";
import { openBroadcast } from "../streams/jetstream/broadcast.ts";
import { openDurableConsumer } from "../streams/jetstream/durable-consumer.ts";
import type { Leases } from "../streams/lease.ts";
import type { Log } from "../streams/log.ts";
import { allPartitions } from "../streams/partition.ts";
import { changesSubject } from "../streams/topology.ts";
import type { ReadModel } from "../projections/read-model.ts";
import { connectRedis, type RedisConnection } from "../projections/redis/connection.ts";
import { createRedisReadModel } from "../projections/redis/read-model.ts";
import { epochOf, type Versions, versionsOf } from "../projections/version.ts";
import type { Logger } from "./logger.ts";
import { assertEviction } from "./redis-eviction.ts";
import { orRefuse, Refused } from "./refused.ts";
import type { Servers } from "./servers.ts";

/** The catalogue opened: its logs, read models and leases, on connections of one role. */
export interface Catalogue {
  readonly catalog: Log;
  readonly activity: Log;
  readonly derived: Log;
  readonly quarantine: Log;
  readonly ledger: Log;
  /** Which products are hot, and what operators want of them. */
  readonly hot: Log;
  /** What was decided about stock, and what became of reservations. */
  readonly stock: Log;
  readonly checkout: Log;
  /** How keepers of stock are asked. */
  readonly asking: Asking;
  readonly leases: Leases;
  /** What owners of the catalogue's partitions tell every node. */
  readonly changes: Broadcast;
  /** The stream that overhears it, of which the oldest goes soon. */
  readonly overheard: Log;
  /** Reads the same word by word, and goes on where it was when its reader ends. */
  readonly consumeChanges: OpenConsumer;
  /** What purge actors say of themselves. */
  readonly purges: Broadcast;
  /** What API workers tell of their readers. */
  readonly heat: Broadcast;
  /** Hot products' values, who holds them, and who asks most: `actors/hot/`. */
  readonly hotValues: Broadcast;
  readonly hotHeld: Broadcast;
  readonly hotCallers: Broadcast;
  readonly readModel: ReadModel;
  readonly redis: RedisConnection;
  readonly epochs: { readonly catalog: number; readonly activity: number; readonly stock: number };
  readonly versions: { readonly catalog: Versions; readonly activity: Versions };
  close(): Promise<void>;
}

export interface CatalogueOptions {
  readonly servers: Pick<Servers, "natsUrls" | "redisUrl" | "logBytesMax">;
  /** Shown in the servers' own monitoring and in leases. */
  readonly role: string;
  readonly replicas: number;
  readonly logger: Logger;
  /** How long one Redis command may take. */
  readonly redisTimeoutMs: number;
  /** Start over on a new log: forget the read models and all that was derived from the old one. */
  readonly newLog?: boolean;
}

/** No stream takes these: what they say lasts no longer than the moment. */
const momentary = {
  purges: "edge.purge",
  heat: "heat",
  hotValues: "hot.value",
  hotHeld: "hot.held",
  hotCallers: "hot.callers",
} as const;

/** Throws `LogUnfit` with one line for the operator when the log is not as it must be. */
export async function openCatalogue(options: CatalogueOptions): Promise<Catalogue> {
  const { servers, role, replicas, logger, newLog = false } = options;
  const natsSetting = `NATS_URL=${servers.natsUrls.join(",")}`;
  const connecting = connectNats({
    servers: servers.natsUrls,
    name: `shelfwire ${role}`,
    onState: (state, server) => logger.warn({ role, server }, `NATS ${state}`),
  });
  const connection = await orRefuse(connecting, natsSetting, "start that server or name another one");
  let redis: RedisConnection | undefined;
  try {
    let open = false;
    const reaching = connectRedis({
      url: servers.redisUrl,
      commandTimeoutMs: options.redisTimeoutMs,
      onState: (state, detail) => {
        if (open) logger.warn({ role, detail }, `Redis ${state}`);
      },
    });
    redis = await orRefuse(
      reaching,
      `REDIS_URL=${servers.redisUrl}`,
      "start that server or name another one",
    );
    open = true;
    await assertEviction(redis, servers.redisUrl, logger);
    const readModel = createRedisReadModel(redis);
    await assertMapping(connection);
    const record = await orRefuse(
      openEpochRecord(connection, replicas),
      `REPLICAS=${replicas}`,
      "use as many as the NATS cluster has servers",
    );
    let knownEpochs: ReadonlyMap<string, number> = new Map([
      ...(await epochsInRedis(readModel)),
      ...(await record.read()),
    ]);
    if (newLog) {
      if (await isWhole(connection, knownEpochs)) {
        throw new Refused("--new-log: the log is whole and nothing has vanished; start without it");
      }
      await readModel.clear();
      await forgetDerived(connection);
      knownEpochs = new Map();
    }
    const epochs = await ensureStreams(connection, { bytesMax: servers.logBytesMax, replicas, knownEpochs });
    if (newLog || knownEpochs.size < epochs.size) await record.write(epochs);
    const [catalog, activity, derived, quarantine, ledger, overheard, hot, stock, checkout] =
      await Promise.all([
        openJetStreamLog(connection, "CATALOG"),
        openJetStreamLog(connection, "ACTIVITY"),
        openJetStreamLog(connection, "DERIVED"),
        openJetStreamLog(connection, "QUARANTINE"),
        openJetStreamLog(connection, "LEDGER"),
        openJetStreamLog(connection, "CHANGES"),
        openJetStreamLog(connection, "HOT"),
        openJetStreamLog(connection, "STOCK"),
        openJetStreamLog(connection, "CHECKOUT"),
      ]);
    const leases = await orRefuse(
      openJetStreamLeases(connection, replicas),
      natsSetting,
      "its JetStream does not answer; start again when it does",
    );
    const ended = redis;
    const epochNamed = (name: string) => epochs.get(name) ?? 0;
    return {
      catalog,
      activity,
      derived,
      quarantine,
      ledger,
      hot,
      stock,
      checkout,
      asking: openAsking(connection),
      leases,
      changes: openBroadcast(connection, changesSubject),
      overheard,
      consumeChanges: (name) => openDurableConsumer(connection, "CHANGES", name),
      purges: openBroadcast(connection, momentary.purges),
      heat: openBroadcast(connection, momentary.heat),
      hotValues: openBroadcast(connection, momentary.hotValues),
      hotHeld: openBroadcast(connection, momentary.hotHeld),
      hotCallers: openBroadcast(connection, momentary.hotCallers),
      readModel,
      redis,
      epochs: {
        catalog: epochNamed("CATALOG"),
        activity: epochNamed("ACTIVITY"),
        stock: epochNamed("STOCK"),
      },
      versions: { catalog: versionsOf(epochNamed("CATALOG")), activity: versionsOf(epochNamed("ACTIVITY")) },
      async close() {
        open = false;
        ended.disconnect();
        await connection.close();
      },
    };
  } catch (error) {
    redis?.disconnect();
    await connection.close();
    throw error;
  }
}

/** Read models remember the log that they were made from, also when that log and its record are gone. */
async function epochsInRedis(readModel: ReadModel): Promise<ReadonlyMap<string, number>> {
  const epochs = new Map<string, number>();
  for (const log of ["catalog", "activity"] as const) {
    for (const { version } of (await readModel.positions(log, allPartitions)).values()) {
      epochs.set(log.toUpperCase(), epochOf(version));
    }
  }
  return epochs;
}
