import { setTimeout as delay } from "node:timers/promises";
import { limits } from "../../../streams/limits.ts";
import { type Fault, type Scene, strikeOften, usualBadShare } from "../fault.ts";

/** A process stands still and goes on as if nothing had been: the server's clients and its own deadlines differ. */
export const pause: Fault = {
  name: "pause",
  story:
    "SIGSTOP and, up to some seconds later, SIGCONT of nats-server, of redis-server and of a projector, the " +
    "last one also for longer than its leases last, so that it wakes with work in hand that another one " +
    "does by now",
  badShare: usualBadShare,
  withProjector: true,
  arm: () => ({
    harm: (scene) => strikeOften(scene, [100, 700], () => strike(scene)),
  }),
};

async function strike({ world, random }: Scene): Promise<void> {
  const victim = random.pick(["nats", "redis", "projector"] as const);
  const pastLease = victim === "projector" && random.chance(0.4);
  const pausedMs = pastLease ? limits.leaseTtlMs + random.between(500, 2_000) : random.between(200, 2_500);
  const signal = (name: "SIGSTOP" | "SIGCONT") => {
    const pid = world.projector?.pid();
    if (victim !== "projector") world.signal(victim, name);
    else if (pid !== undefined) process.kill(pid, name);
  };
  const end = victim === "projector" ? undefined : world.outages.begin(victim);
  signal("SIGSTOP");
  try {
    await delay(pausedMs);
  } finally {
    signal("SIGCONT");
  }
  if (victim !== "projector") await world.untilAnswers(victim);
  end?.();
}
