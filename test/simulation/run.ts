import { createRandom } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { checkLog, checkReadModels } from "./final-check.ts";
import { isLevel, standing } from "./level.ts";
import type { Plan } from "./plan.ts";
import type { Plant } from "./plants.ts";
import { products, startedAt } from "./shop.ts";
import type { Step, Tell } from "./story.ts";
import { strike } from "./strike.ts";
import { createViolations, type Violation, type Violations } from "./violations.ts";
import { createWorld, type World } from "./world.ts";

/**
 * One run of a plan. First the faults: whatever goes wrong, no promise is broken. Then all heals: from there
 * on everything has to come right by itself within a minute of simulated time, and to stay right.
 */
export interface Outcome {
  readonly violation: Violation | undefined;
  /** Empty unless it was asked for. */
  readonly steps: readonly Step[];
}

export interface RunOptions {
  readonly plant?: Plant | undefined;
  readonly story?: boolean;
}

/** How long everything may take to come right. */
const liveMs = 60_000;
const lookMs = 100;
/** How long it must stay right: every projector has looked at the log and at its positions once more. */
const calmMs = 1_300;
const answerMs = 5_000;

export async function run(plan: Plan, { plant, story = false }: RunOptions = {}): Promise<Outcome> {
  const steps: Step[] = [];
  /** What follows a broken promise is no part of the story. */
  let ended = false;
  const tell: Tell | undefined = story
    ? (who, what) => {
        if (ended) return;
        steps.push({ at: world.clock.now() - startedAt, who, what });
      }
    : undefined;
  const violations = createViolations(({ check, what }) => {
    tell?.(`BROKEN: ${check}`, what);
    ended = true;
  });
  const world = createWorld(plan, violations, { plant, tell });
  // Nobody waits for it: in a real process that is the end.
  const unhandled = (reason: unknown) => violations.add("unhandled", (reason as Error).stack ?? `${reason}`);
  process.on("unhandledRejection", unhandled);
  try {
    begin(world, tell);
    await world.clock.run(world.healAt, () => violations.first() !== undefined);
    if (violations.first() === undefined) await heal(world, violations, tell);
    if (violations.first() === undefined) await judge(world, violations);
  } catch (error) {
    violations.add("unhandled", (error as Error).stack ?? `${error}`);
  } finally {
    process.off("unhandledRejection", unhandled);
  }
  return { violation: violations.first(), steps };
}

function begin(world: World, tell: Tell | undefined): void {
  const { plan, clock } = world;
  const names = [
    ...plan.projectors,
    ...plan.events.map(({ publisher }) => publisher),
    ...plan.reads.map(({ reader }) => reader),
  ];
  for (const name of new Set(names)) world.start(name);
  for (const event of plan.events) clock.at(startedAt + event.at, () => world.send(event));
  for (const read of plan.reads) clock.at(startedAt + read.at, () => void world.read(read));
  for (const fault of plan.faults) clock.at(startedAt + fault.at, () => strike(world, fault, tell));
}

async function heal(world: World, violations: Violations, tell: Tell | undefined): Promise<void> {
  const { clock, healAt } = world;
  const broken = () => violations.first() !== undefined;
  world.healNow();
  tell?.("the world", "heals");
  let level = false;
  const look = () => {
    void isLevel(world, healAt).then((is) => {
      level = is;
      if (!level) clock.at(clock.now() + lookMs, look);
    });
  };
  look();
  await clock.run(healAt + liveMs, () => level || broken());
  if (!level && !broken()) {
    violations.add("liveness", `not level after ${liveMs} ms: ${await standing(world)}`);
    return;
  }
  await clock.run(clock.now() + calmMs, broken);
  // When a partition was last seen at the head may go back while two owners are at it, where it is may not.
  if (!broken() && !(await isLevel(world, 0)))
    violations.add("liveness", `did not stay level: ${await standing(world)}`);
}

/** All is well: everything is what the log says, in the read models and by every way of reading. */
async function judge(world: World, violations: Violations): Promise<void> {
  const { clock, redis, log, outbox, plan } = world;
  checkLog(log, outbox, violations);
  await checkReadModels(world, violations);
  const reader = plan.reads[0]?.reader;
  if (reader === undefined) return;
  const readAll = async (some: readonly Identifier[]) => {
    let answered = false;
    void world.readCalmly(reader, some).then(() => {
      answered = true;
    });
    await clock.run(clock.now() + answerMs, () => answered || violations.first() !== undefined);
    if (!answered) violations.add("liveness", "a read was not answered");
  };
  await readAll(products);
  // What follows leaves only the log to answer, so it is done to a few products.
  const random = createRandom(plan.noise, 1);
  if (random.chance(0.5)) redis.evict(() => true);
  else redis.empty();
  await readAll(random.sample(products, 3));
}
