import type { LoadClaims } from "../load-claims.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";

/** Claims as keys that vanish after a second. */
const claimMs = 1_000;

export function createRedisLoadClaims(redis: RedisConnection): LoadClaims {
  return {
    async claim(id) {
      try {
        return (await redis.set(keys.load(id), "1", "PX", claimMs, "NX")) !== null;
      } catch {
        return true;
      }
    },
    async release(id) {
      await redis.del(keys.load(id)).catch(() => {});
    },
  };
}
