import {
  DiscardPolicy,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";
import { createInbox, headers as createHeaders, type NatsConnection } from "nats";
import { limits } from "../limits.ts";
import { partitionOf } from "../partition.ts";
import type { Token } from "../identifier.ts";
import { mappedEntities } from "../subjects.ts";
import { type StreamDefinition, streams } from "../topology.ts";

/**
 * The streams as they should be, made or found.
 *
 * The server's echo of a configuration is compared with what was asked, field by field: nats-server 2.9
 * drops what it does not know without a word. An event stream that was there before and is gone is reported
 * and never made again here, because an empty log would restart its sequences under read models that hold
 * higher ones.
 */

export class LogUnfit extends Error {
  override readonly name = "LogUnfit";
}

export interface EnsureOptions {
  /**
   * What all streams together may hold, in bytes, when they are made. Streams that exist keep theirs. Without
   * effect on servers that drop the oldest, see `dropsOldest`.
   */
  readonly bytesMax: number;
  readonly replicas: number;
  /** Epochs of event streams seen before, by stream name. */
  readonly knownEpochs: ReadonlyMap<string, number>;
}

const streamNotFound = 10059;

/** Returns each event stream's epoch. Throws `LogUnfit` with one line for the operator. */
export async function ensureStreams(
  connection: NatsConnection,
  options: EnsureOptions,
): Promise<ReadonlyMap<string, number>> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: limits.readMs });
  const epochs = new Map<string, number>();
  for (const definition of streams) {
    const server = connection.info?.version ?? "";
    const epoch = await ensureStream(manager, definition, { ...options, server });
    if (definition.events) epochs.set(definition.name, epoch);
  }
  return epochs;
}

async function ensureStream(
  manager: JetStreamManager,
  definition: StreamDefinition,
  { bytesMax, replicas, knownEpochs, server }: EnsureOptions & { readonly server: string },
): Promise<number> {
  const { name } = definition;
  const existing = await manager.streams.info(name).catch((error: { code?: unknown; message?: string }) => {
    if (error.code === streamNotFound) return undefined;
    throw new LogUnfit(`the stream ${name} cannot be read: ${error.message}`);
  });
  const known = definition.events ? knownEpochs.get(name) : undefined;
  if (known !== undefined && existing === undefined) {
    throw new LogUnfit(
      `the stream ${name}, created ${new Date(known).toISOString()}, has vanished from this NATS server: restore it, or start over with --new-log`,
    );
  }
  // Who made it knew how much there is; others may only be connected to it.
  const share = existing?.config.max_bytes ?? bytesOf(definition, bytesMax);
  const isBounded = definition.forgets !== undefined || !dropsOldest(server);
  const wanted = configOf(definition, isBounded ? share : -1, replicas);
  const info =
    existing === undefined
      ? await manager.streams.add({ ...wanted }).catch((error: Error) => {
          throw new LogUnfit(
            `this NATS server does not take the stream ${name}${wanted.max_bytes > 0 ? ` of ${wanted.max_bytes} bytes` : ""}: ${error.message}; see its max_file_store, LOG_MAX_BYTES and the user's permissions`,
          );
        })
      : differences(wanted, existing.config).length === 0
        ? existing
        : await manager.streams.update(name, { ...wanted });
  const different = differences(wanted, info.config);
  if (different.length > 0)
    throw new LogUnfit(`this NATS server changed the stream ${name}: ${different.join("; ")}`);
  const epoch = Date.parse(info.created);
  if (known !== undefined && known !== epoch) {
    throw new LogUnfit(
      `the stream ${name} is not the one seen before (created ${new Date(epoch).toISOString()}, not ${new Date(known).toISOString()}): restore the old one, or start over with --new-log`,
    );
  }
  return epoch;
}

/** What a stream may hold of what all together may: what forgets has its own, and the others share the rest. */
export function bytesOf(definition: StreamDefinition, bytesMax: number): number {
  const own = streams.reduce((sum, stream) => sum + (forgottenBytes(stream, bytesMax) ?? 0), 0);
  return forgottenBytes(definition, bytesMax) ?? Math.floor(Math.max(0, bytesMax - own) * definition.share);
}

/** What forgets takes no more than a tenth, however small all of it is. */
const forgottenBytes = ({ forgets }: StreamDefinition, bytesMax: number): number | undefined =>
  forgets && Math.min(forgets.bytesMax, Math.floor(bytesMax / 10));

/**
 * Whether a server of this version drops the first messages of a full stream: before 2.11 it may let a last small
 * one in although it does not fit, and then makes room for it, `discard: new` notwithstanding (nats-server issue
 * 4775; 2.10 has it mended somewhere on the way). A full log would eat its own beginning. There no stream has a
 * limit of its own, and the server's `max_file_store`, which refuses and never drops, is what stops writes.
 */
export function dropsOldest(serverVersion: string): boolean {
  const [major = 0, minor = 0] = serverVersion.split(".").map(Number);
  return major < 2 || (major === 2 && minor < 11);
}

type Wanted = Pick<
  StreamConfig,
  | "name"
  | "description"
  | "subjects"
  | "storage"
  | "retention"
  | "discard"
  | "max_bytes"
  | "max_age"
  | "max_msg_size"
  | "max_msgs_per_subject"
  | "duplicate_window"
  | "num_replicas"
  | "allow_direct"
  | "deny_delete"
  | "deny_purge"
>;

function configOf(definition: StreamDefinition, bytesMax: number, replicas: number): Wanted {
  return {
    name: definition.name,
    description: definition.description,
    subjects: [...definition.subjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: definition.forgets === undefined ? DiscardPolicy.New : DiscardPolicy.Old,
    max_bytes: bytesMax,
    max_age: (definition.forgets?.afterMs ?? definition.keptMs ?? 0) * 1e6,
    max_msg_size: definition.messageBytesMax,
    max_msgs_per_subject: definition.perSubject ?? -1,
    duplicate_window: limits.duplicateWindowMs * 1e6,
    num_replicas: replicas,
    allow_direct: true,
    deny_delete: definition.events,
    deny_purge: definition.events,
  };
}

function differences(wanted: Wanted, found: StreamConfig): string[] {
  return Object.entries(wanted).flatMap(([field, value]) => {
    const echoed = found[field as keyof Wanted] ?? false;
    return JSON.stringify(echoed) === JSON.stringify(value)
      ? []
      : [`${field} is ${JSON.stringify(echoed)}, asked for ${JSON.stringify(value)}`];
  });
}

/**
 * Proves that the server maps published subjects to partitions as the readers compute them.
 *
 * Each probe is an ordinary publish that the stream must refuse (it expects another stream), so nothing is
 * stored; a plain subscription still sees where the mapping sent it.
 */
export async function assertMapping(connection: NatsConnection): Promise<void> {
  const token = `probe-${createInbox().slice(-12)}` as Token;
  const missing = new Set(
    mappedEntities.map((entity) => `log.${entity.replace(".", `.${partitionOf(token)}.`)}.probe.${token}`),
  );
  const subscription = connection.subscribe(`log.*.*.*.probe.${token}`, { timeout: 2_000 });
  const headers = createHeaders();
  headers.set("Nats-Expected-Stream", "none-this-is-a-probe");
  for (const entity of mappedEntities) connection.publish(`${entity}.probe.${token}`, "{}", { headers });
  try {
    for await (const message of subscription) {
      missing.delete(message.subject);
      if (missing.size === 0) return;
    }
  } catch {
    // Its two seconds are over: what is still missing is the answer.
  }
  const entities = [...missing]
    .map((subject) => subject.split("."))
    .map((tokens) => `${tokens[1]}.${tokens[3]}`);
  throw new LogUnfit(
    `this NATS server does not map ${entities.join(", ")} to partitions: start it with Shelfwire's nats.conf, or add its "mappings" to the account`,
  );
}

/**
 * Empties what was derived from a log that is no more, so that a new one starts clean. What forgets by itself stays:
 * its readers know word of another log, and nats-server before 2.9.12 may deliver nothing behind a purge.
 */
export async function forgetDerived(connection: NatsConnection): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: limits.readMs });
  for (const { name, events, forgets } of streams) {
    if (!events && forgets === undefined) await manager.streams.purge(name).catch(() => {});
  }
}

/** Whether every event stream that was known is there as it was. */
export async function isWhole(
  connection: NatsConnection,
  knownEpochs: ReadonlyMap<string, number>,
): Promise<boolean> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: limits.readMs });
  const epochs = await Promise.all(
    [...knownEpochs].map(async ([name, epoch]) => {
      const info = await manager.streams.info(name).catch(() => undefined);
      return info !== undefined && Date.parse(info.created) === epoch;
    }),
  );
  return epochs.every((same) => same);
}
