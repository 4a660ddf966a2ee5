import { createHash } from "node:crypto";
import { Command } from "ioredis";
import type { RedisConnection } from "./connection.ts";
import { createWords, type Words } from "./words.ts";

/**
 * A script that is called with many words: they are written as bytes where the caller has them, and the client only
 * sends these and finds the reply (docs/decisions.md).
 */
export interface ScriptCall<Reply> {
  /** `write` names the keys and then the rest, each a word; there are `keys` keys. Called at once, and once. */
  (keys: number, write: (words: Words) => void): Promise<Reply>;
}

/** One call is written at a time, by one thread. */
const words = createWords();

export function scriptCall<Reply>(redis: RedisConnection, lua: string): ScriptCall<Reply> {
  const sha = createHash("sha1").update(lua).digest("hex");

  async function send(bytes: Buffer): Promise<Reply> {
    try {
      return await (redis.sendCommand(new WrittenCommand(bytes)) as Promise<Reply>);
    } catch (error) {
      // A server that has been started anew has none.
      if (!(error as Error).message.startsWith("NOSCRIPT")) throw error;
      await redis.script("LOAD", lua);
      return redis.sendCommand(new WrittenCommand(bytes)) as Promise<Reply>;
    }
  }

  return (keys, write) => {
    words.text("EVALSHA");
    words.text(sha);
    words.text(String(keys));
    try {
      write(words);
    } catch (error) {
      // Or the next call would begin with what is left of this one.
      words.take();
      throw error;
    }
    return send(words.take());
  };
}

class WrittenCommand extends Command {
  #bytes: Buffer | undefined;

  constructor(bytes: Buffer) {
    super("evalsha", [], { replyEncoding: "utf8" });
    this.#bytes = bytes;
  }

  /** Once: the client lives longer with its commands than they need their bytes. */
  override toWritable(): Buffer {
    const bytes = this.#bytes;
    if (bytes === undefined) throw new Error("this command was sent before");
    this.#bytes = undefined;
    return bytes;
  }
}
