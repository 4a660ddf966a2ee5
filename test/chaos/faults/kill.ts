import { type Fault, type Scene, strikeOften, usualBadShare } from "../fault.ts";
import { outageOf } from "./outage.ts";

/** Processes die by kill -9, also while another one is only just coming back. */
const victims = ["nats", "redis", "shelfwire", "projector", "publisher", "importer"] as const;
type Victim = (typeof victims)[number];

export const kill: Fault = {
  name: "kill",
  story:
    "kill -9, again and again, of nats-server, redis-server, the process that answers and projects, a second " +
    "projector that shares its partitions, and the publisher; the servers come back by themselves, the rest " +
    "like under a service manager, the publisher with everything again whose fate it does not know",
  badShare: usualBadShare,
  withProjector: true,
  arm: () => ({
    harm: (scene) =>
      strikeOften(scene, [100, 900], (later) => {
        const recovery = strike(scene, pickVictim(scene));
        if (recovery !== undefined) later(recovery);
      }),
  }),
};

function pickVictim({ random, importing }: Scene): Victim {
  return random.pick(victims.filter((victim) => victim !== "importer" || importing !== undefined));
}

/** Resolves with the recovery, which nobody waits for before the next strike. */
function strike({ world, publishing, importing }: Scene, victim: Victim): Promise<unknown> | undefined {
  if (victim === "publisher") return publishing.kill();
  if (victim === "importer") return importing?.kill();
  if (victim === "projector") return world.projector?.kill();
  if (victim === "shelfwire") {
    const end = world.outages.begin("api");
    return world.shelfwire.kill().then(end);
  }
  if (!world.signal(victim, "SIGKILL")) return undefined;
  return outageOf(world, victim);
}
