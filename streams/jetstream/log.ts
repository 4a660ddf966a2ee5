import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Log } from "../log.ts";
import { limits } from "../limits.ts";
import { createAppend } from "./append.ts";
import { createReads } from "./read.ts";
import { createTail } from "./tail.ts";

/** The log on JetStream: one stream, which `ensureStreams` has made. */
export async function openJetStreamLog(connection: NatsConnection, stream: string): Promise<Log> {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: limits.readMs });
  const reads = createReads(connection, manager, stream);
  const append = createAppend(connection, stream, {
    last: (subject) => reads.get({ last_by_subj: subject }, "leader"),
    at: (sequence) => reads.get({ seq: sequence }, "leader"),
  });
  return {
    stream,
    append,
    last: (subject, from = "any") => reads.get({ last_by_subj: subject }, from),
    next: (subject, sequence) => reads.get({ seq: sequence, next_by_subj: subject }, "leader"),
    bounds: () => reads.bounds(),
    tail: (options) => createTail(connection, manager, stream, options),
  };
}
