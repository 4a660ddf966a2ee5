import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Fault, type Scene, strikeOften, usualBadShare } from "../fault.ts";
import { outageOf } from "./outage.ts";

export const olderDump: Fault = {
  name: "older-dump",
  story:
    "redis-server dies and comes back with a snapshot of up to some seconds before, as after a failover to a " +
    "replica that was behind; also with one that it had come back with already",
  badShare: usualBadShare,
  withProjector: false,
  arm: () => ({
    harm(scene) {
      let saved = false;
      return strikeOften(scene, [50, 500], async () => {
        saved = await strike(scene, saved && scene.random.chance(0.25));
      });
    },
  }),
};

/** `again`: with the dump of the last strike. */
async function strike({ world, random }: Scene, again: boolean): Promise<boolean> {
  const dump = join(world.dataDir, "redis", "dump.rdb");
  const aside = join(world.dataDir, "older.rdb");
  if (!again) {
    await world.catalogue.redis.save();
    copyFileSync(dump, aside);
  }
  await delay(random.between(100, 2_500));
  // It may have saved another one by itself meanwhile.
  copyFileSync(aside, dump);
  world.signal("redis", "SIGKILL");
  await outageOf(world, "redis");
  return true;
}
