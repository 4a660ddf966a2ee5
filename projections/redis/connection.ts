import { type Command, Redis } from "ioredis";
import { scripts } from "./scripts.ts";

/**
 * A connection to Redis that never hangs: each command has a time limit, nothing waits in a queue while the
 * server is away, and the link is tried again for ever. The client's own defaults would wait without end.
 */

export type RedisConnection = Redis;

// The scripts as commands; each is loaded into the server by the client when it is missing there.
declare module "ioredis" {
  interface Redis {
    refill(keys: number, ...args: string[]): Promise<unknown>;
    storeFieldsIfNewer(keys: number, ...args: string[]): Promise<unknown>;
    storeFencedIfNewer(
      position: string,
      key: string,
      expected: string,
      seconds: string,
      text: string,
    ): Promise<unknown>;
    /** For each the position that stands, where it is not the one that was to move. */
    advance(keys: number, ...args: string[]): Promise<readonly (string | null)[]>;
    readProducts(keys: number, ...args: string[]): Promise<readonly (string | null)[]>;
    putAnswer(keys: number, ...args: (string | Buffer)[]): Promise<number>;
  }
}

/** The lists that a call touched, as token, how, token, how; 0 for too many rows to say. */
export type Told = 0 | readonly (string | number)[];

const numberOfKeys: Readonly<Record<keyof typeof scripts, number | undefined>> = {
  readProducts: undefined,
  putAnswer: undefined,
  refill: undefined,
  storeFieldsIfNewer: undefined,
  storeFencedIfNewer: 2,
  advance: undefined,
};

export interface RedisSettings {
  /** `redis://host:port[/database]`. */
  readonly url: string;
  readonly commandTimeoutMs: number;
  readonly onState?: (state: "disconnected" | "connected", detail: string) => void;
}

const nothing: Promise<unknown> = Promise.resolve();

/**
 * The client holds each command by a function that V8 makes in the old generation, where it stays until the next full
 * collection (docs/decisions.md): a command that has its answer lets go of what was sent and of what came. (That hears of its
 * errors too, so that one that nobody waits for ends no process.)
 */
class Client extends Redis {
  override sendCommand(...call: Parameters<Redis["sendCommand"]>): unknown {
    const [command] = call;
    const sent = super.sendCommand(...call);
    const letGo = () => forget(command);
    command.promise.then(letGo, letGo);
    return sent;
  }
}

function forget(command: Command): void {
  command.args = [];
  command.promise = nothing;
}

/** Resolves once the server answers; afterwards the connection heals itself. Rejects where the first try fails. */
export async function connectRedis(settings: RedisSettings): Promise<RedisConnection> {
  const redis = new Client(settings.url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: settings.commandTimeoutMs,
    socketTimeout: 2 * settings.commandTimeoutMs,
    retryStrategy: (attempt: number) => Math.min(50 * attempt, 1_000),
  });
  for (const [name, lua] of Object.entries(scripts)) {
    const count = numberOfKeys[name as keyof typeof scripts];
    redis.defineCommand(name, { lua, ...(count === undefined ? {} : { numberOfKeys: count }) });
  }
  let lost = "the connection was closed";
  redis.on("error", (error: Error) => {
    lost = error.message;
  });
  redis.on("close", () => settings.onState?.("disconnected", lost));
  redis.on("ready", () => settings.onState?.("connected", settings.url));
  try {
    await redis.connect();
  } catch (error) {
    // It would go on trying, which nobody waits for any more, and keep its process from ending.
    redis.disconnect();
    throw error;
  }
  return redis;
}

/**
 * Whether the error says that Redis did not answer. One that it answered with, or an answer that could not be
 * understood, says that it lives.
 */
export function didNotAnswer(error: unknown): boolean {
  const { name, message, code } = error as { name?: string; message?: string; code?: unknown };
  if (name === "ReplyError") return false;
  return (
    typeof code === "string" || /timed out|timeout|closed|close|writeable|max retries/i.test(message ?? "")
  );
}
