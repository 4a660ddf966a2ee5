import type { World } from "./world.ts";

/** Liveness: whether everything that was published is in the read models, and the clock's changes with it. */

/** `since`: each partition was known to be at the head of the log since that moment. */
export async function isLevel(world: World, since: number): Promise<boolean> {
  const { redis, log, versions, plan, outbox, clock } = world;
  if (!plan.events.every(({ id }) => outbox.acknowledged.has(id) || outbox.givenUp.has(id))) return false;
  const positions = await redis.model.positions("catalog", plan.partitions);
  const end = versions(log.catalog.head);
  const atHead = plan.partitions.every((partition) => {
    const position = positions.get(partition);
    return position?.version.startsWith(end) === true && position.headAt >= since;
  });
  if (!atHead) return false;
  const due = await Promise.all(
    plan.partitions.map((partition) => redis.model.readDue(partition, clock.now(), 1)),
  );
  return due.every((ids) => ids.length === 0);
}

/** Where everything stands, in words. */
export async function standing({ redis, log, plan }: World): Promise<string> {
  const positions = await redis.model.positions("catalog", plan.partitions);
  const each = [...positions].map(([partition, { version }]) => `${partition} at ${version}`);
  return `the log ends at ${log.catalog.head}, partitions are ${each.join(", ")}`;
}
