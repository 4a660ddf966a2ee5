import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import type { RedisConnection } from "./connection.ts";
import { createReplyParser, type Reply } from "./reply-parser.ts";

/**
 * A second connection to the server of a Redis client, for the one read that the catalogue answers most requests with. It
 * does less than a client and costs less (docs/decisions.md): commands come encoded, replies leave as views of what
 * arrived. It is there while the client is connected, and closes with it.
 */
export interface ReadLink {
  /** Resolves when the first attempt to connect has succeeded or failed. */
  readonly tried: Promise<void>;
  /**
   * `command`: in RESP, ASCII, answered by an array of `items`. Replies come in the order of the calls. Undefined while there is no connection yet or any
   * more, and where it is lost or the server says an error: of that the client itself knows better. Rejects where the
   * server takes longer than the client's own limit. Nothing is sent twice.
   */
  send(command: string, items: number): Promise<readonly (Buffer | null)[] | undefined> | undefined;
}

interface Call {
  readonly items: number;
  readonly sentAt: number;
  readonly resolve: (items: readonly (Buffer | null)[] | undefined) => void;
  readonly reject: (error: Error) => void;
  /** Its reply is still to come, and nobody waits for it. */
  isLate: boolean;
}

/** How often calls under way are looked at. */
const lookMs = 50;
/** The pause before the next attempt to connect, which doubles with each that fails. */
const againMs = 100;
const againMsMax = 5_000;

/** One for each client. */
const links = new WeakMap<RedisConnection, ReadLink>();

export function readLinkOf(redis: RedisConnection): ReadLink {
  const known = links.get(redis);
  if (known !== undefined) return known;
  const link = openReadLink(redis);
  links.set(redis, link);
  return link;
}

function openReadLink(redis: RedisConnection): ReadLink {
  const { commandTimeout = 1_000 } = redis.options;
  let socket: Socket | undefined;
  let ready = false;
  /** Calls without a reply from `oldest` on, by age. */
  let calls: Call[] = [];
  let oldest = 0;
  let lookedAt = 0;
  let looking: NodeJS.Timeout | undefined;
  let pauseMs = againMs;
  const tried = Promise.withResolvers<void>();

  function open(): void {
    if (redis.status !== "ready") tried.resolve();
    if (socket !== undefined || redis.status !== "ready") return;
    const { host = "127.0.0.1", port = 6379, path, tls, username, password, db = 0 } = redis.options;
    const place = path === undefined ? { host, port } : { path };
    const own = tls === undefined ? connect(place) : connectSecurely({ ...place, ...tls });
    socket = own;
    own.setNoDelay(true);
    own.setKeepAlive(true);
    const greetings = [
      ...(password ? [["AUTH", ...(username ? [username] : []), password]] : []),
      ...(db > 0 ? [["SELECT", String(db)]] : []),
    ];
    // A server that takes the connection and says nothing keeps nobody waiting.
    const late = setTimeout(() => own.destroy(), 2 * commandTimeout).unref();
    const begin = () => {
      clearTimeout(late);
      ready = true;
      pauseMs = againMs;
      tried.resolve();
    };
    let greeted = 0;
    const parse = createReplyParser((reply) => {
      if (greeted === greetings.length) answer(reply);
      else if (reply instanceof Error && !isNeedless(reply)) own.destroy(reply);
      else if (++greeted === greetings.length) begin();
    });
    own.once(tls === undefined ? "connect" : "secureConnect", () => {
      if (greetings.length === 0) begin();
      for (const words of greetings) own.write(encode(words));
    });
    own.on("data", (bytes: Buffer) => {
      try {
        parse(bytes);
      } catch (error) {
        own.destroy(error as Error);
      }
    });
    own.on("error", () => {});
    own.on("close", () => {
      clearTimeout(late);
      if (socket !== own) return;
      socket = undefined;
      ready = false;
      tried.resolve();
      const lost = calls.slice(oldest);
      calls = [];
      oldest = 0;
      for (const call of lost) if (!call.isLate) call.resolve(undefined);
      setTimeout(open, pauseMs).unref();
      pauseMs = Math.min(2 * pauseMs, againMsMax);
    });
  }

  /** Throws where the connection cannot go on. */
  function answer(reply: Reply): void {
    const call = calls[oldest++];
    if (2 * oldest > calls.length) {
      calls = calls.slice(oldest);
      oldest = 0;
    }
    const isError = reply instanceof Error;
    const isOwn = call !== undefined && (isError || reply.length === call.items);
    if (call?.isLate === false) call.resolve(isOwn && !isError ? reply : undefined);
    // Whose it is cannot be told any more, nor whose those behind it are.
    if (!isOwn) throw new Error("a reply that belongs to no call");
  }

  function look(): void {
    const now = performance.now();
    const stoodStill = now - lookedAt > 2 * lookMs;
    lookedAt = now;
    // What came meanwhile is still to be read.
    if (stoodStill) setImmediate(judge);
    else judge();
  }

  function judge(): void {
    const now = performance.now();
    for (let at = oldest; at < calls.length; at++) {
      const call = calls[at] as Call;
      if (now - call.sentAt < commandTimeout) break;
      if (call.isLate) continue;
      call.isLate = true;
      call.reject(new Error("Command timed out"));
    }
    const first = calls[oldest];
    // It answers nothing at all: a fresh connection may.
    if (first !== undefined && now - first.sentAt > 2 * commandTimeout) socket?.destroy();
    if (first !== undefined) return;
    clearInterval(looking);
    looking = undefined;
  }

  redis.on("ready", open);
  redis.on("close", () => socket?.destroy());
  open();

  return {
    tried: tried.promise,
    send(command, items) {
      if (!ready || socket === undefined || socket.destroyed || redis.status !== "ready") return undefined;
      const { promise, resolve, reject } = Promise.withResolvers<readonly (Buffer | null)[] | undefined>();
      const sentAt = performance.now();
      calls.push({ items, sentAt, resolve, reject, isLate: false });
      if (looking === undefined) {
        looking = setInterval(look, lookMs).unref();
        lookedAt = sentAt;
      }
      socket.write(command, "latin1");
      return promise;
    },
  };
}

const encode = (words: readonly string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;

/** A password for a server that wants none: a client goes on as well. */
const isNeedless = ({ message }: Error) => /without any password configured/.test(message);
