import { setTimeout as delay } from "node:timers/promises";
import { type Fault, type Scene, strikeOften, usualBadShare } from "../fault.ts";

/** The network between Shelfwire and one of its servers fails, in each way that networks do. */
export const partition: Fault = {
  name: "partition",
  story:
    "the link between Shelfwire and nats-server, or redis-server, goes dark without a word, is deaf or mute in " +
    "one direction, carries 400 bytes a second, or resets every connection, for up to eight seconds; the " +
    "publisher's own link stands",
  badShare: usualBadShare,
  withProjector: false,
  arm: () => ({
    harm: (scene) => strikeOften(scene, [100, 700], () => strike(scene)),
  }),
};

async function strike({ world, random }: Scene): Promise<void> {
  const server = random.pick(["nats", "redis"] as const);
  const state = random.pick(["dark", "deaf", "mute", "slow", "reset"] as const);
  const end = world.outages.begin(server);
  world.links[server].set(state);
  try {
    await delay(random.chance(0.1) ? random.between(4_000, 8_000) : random.between(200, 2_500));
  } finally {
    world.links[server].set("open");
  }
  end();
}
