import { createMemoryReadModel, type MemoryReadModel } from "../../projections/memory/read-model.ts";
import type { Fence, ReadModel, RegisterName } from "../../projections/read-model.ts";
import { connectRedis, type RedisConnection } from "../../projections/redis/connection.ts";
import { keys } from "../../projections/redis/keys.ts";
import { createRedisReadModel } from "../../projections/redis/read-model.ts";
import { versionsOf } from "../../projections/version.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { startServers, type TestServers } from "../servers.ts";
import { id } from "../streams/id.ts";

/** Both adapters of the read models, for suites that hold them to the same promises. */
export interface Adapter {
  readonly adapter: string;
  open(): Promise<ReadModel>;
  /** What a server short of memory does. */
  evict(register: RegisterName, product: Identifier): Promise<void>;
  close(): Promise<void>;
}

export const readModelAdapters = (): readonly Adapter[] => [memory(), redis()];

function memory(): Adapter {
  let model: MemoryReadModel;
  return {
    adapter: "memory",
    open: async () => (model = createMemoryReadModel()),
    async evict(register, product) {
      model.evict((what, of) => what === register && of === product);
    },
    close: async () => {},
  };
}

function redis(): Adapter {
  let servers: TestServers;
  let connection: RedisConnection;
  return {
    adapter: "Redis",
    async open() {
      servers = await startServers("redis");
      connection = await connectRedis({ url: servers.redisUrl, commandTimeoutMs: 5_000 });
      return createRedisReadModel(connection);
    },
    async evict(register, product) {
      await connection.hdel(keys.registers(product), register);
    },
    async close() {
      connection.disconnect();
      await servers.stop();
    },
  };
}

/** Versions of one log, for whatever a suite writes. */
export const v = versionsOf(Date.parse("2026-11-27T00:00:00Z"));

/** Identifiers that mean something to Redis, to JavaScript or to a person. */
export const oddIds: readonly Identifier[] = [
  "BANK CHARGES",
  "röd stol",
  "{lamp}",
  "a:b",
  "a,b|c",
  "__proto__",
  "constructor",
  "toString",
  "💡",
  "%",
  "0",
].map(id);

export const partitionOfId = (product: Identifier): number => partitionOf(tokenOf(product));

/** The fence of a partition that has no position yet, as in a store that a suite has just emptied. */
export const noPosition = (partition: number): Fence => ({ partition, position: undefined });
