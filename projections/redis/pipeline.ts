import { PositionMoved } from "../read-model.ts";
import type { RedisConnection } from "./connection.ts";
import { fencedReply } from "./scripts.ts";

/** What each of the calls brings. */
type Replies<Calls extends readonly unknown[]> = { -readonly [At in keyof Calls]: Awaited<Calls[At]> };

/**
 * One write, and one round trip, for all the commands that `call` gives to the client, which are carried out in that order.
 * Rejects, when all have their answers, with the first error that one of them met, which is `PositionMoved` for a fence: what
 * was written stays written, and since every write is "store if newer" the whole may be run again.
 *
 * The client's own pipelines define a property of each with a getter of its own. V8 makes a shape in the old generation for
 * every one, which keeps the commands and the replies alive until the next full collection (docs/decisions.md).
 */
export async function pipelined<const Calls extends readonly unknown[]>(
  redis: RedisConnection,
  call: () => Calls,
): Promise<Replies<Calls>> {
  const { stream } = redis;
  stream.cork();
  let calls: Calls;
  try {
    calls = call();
  } finally {
    stream.uncork();
  }
  try {
    return await fenced(Promise.all(calls));
  } catch (error) {
    // Whoever gives up what was written knows that nothing of it is under way any more.
    await Promise.allSettled(calls);
    throw error;
  }
}

/** Calls sent one by one: `PositionMoved` where a fence refused one of them. */
export async function fenced<T>(calls: Promise<T>): Promise<T> {
  try {
    return await calls;
  } catch (error) {
    throw asMoved(error as Error);
  }
}

function asMoved(error: Error): Error {
  return error.message.startsWith(fencedReply) ? new PositionMoved(error.message) : error;
}
