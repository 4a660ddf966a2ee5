import type { LoadClaims } from "../load-claims.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";

/** Claims as keys that vanish after a second; what was found takes the claim's place for a third of one. */
const claimMs = 1_000;
const toldMs = 300;

export function createRedisLoadClaims(redis: RedisConnection): LoadClaims {
  return {
    async claim(id) {
      try {
        const standing = await redis.set(keys.load(id), "", "PX", claimMs, "NX", "GET");
        if (standing === null) return "ours";
        return standing === "" ? "theirs" : { told: standing };
      } catch {
        return "ours";
      }
    },
    async tell(id, text) {
      await redis.set(keys.load(id), text, "PX", toldMs).catch(() => {});
    },
    async release(id) {
      await redis.del(keys.load(id)).catch(() => {});
    },
  };
}
