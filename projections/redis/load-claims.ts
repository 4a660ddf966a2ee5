import type { LoadClaims } from "../load-claims.ts";
import type { Version } from "../version.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";

/**
 * Claims as keys that vanish after a second; what was found takes the claim's place for a third of one, behind the
 * version of the folds that made it: what others made of another log, or by other folds, is not taken.
 */
const claimMs = 1_000;
const toldMs = 300;

export function createRedisLoadClaims(redis: RedisConnection, version: Version): LoadClaims {
  const prefix = `${version} `;
  return {
    async claim(id) {
      try {
        if ((await redis.set(keys.load(id), "", "PX", claimMs, "NX")) !== null) return "ours";
        const standing = await redis.get(keys.load(id));
        if (standing === null || standing === "") return "theirs";
        return standing.startsWith(prefix) ? { told: standing.slice(prefix.length) } : "ours";
      } catch {
        return "ours";
      }
    },
    async tell(id, text) {
      await redis.set(keys.load(id), prefix + text, "PX", toldMs).catch(() => {});
    },
    async release(id) {
      await redis.del(keys.load(id)).catch(() => {});
    },
  };
}
