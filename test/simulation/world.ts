import { createRandom } from "../../ops/demo/random.ts";
import { versionsOf } from "../../projections/version.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { createClock } from "./clock.ts";
import { createLeasesClient, createLeasesServer } from "./leases-server.ts";
import { createLogClient } from "./log-client.ts";
import { createLogServer } from "./log-server.ts";
import { createNetwork, type Life } from "./network.ts";
import { createOwnerChecker } from "./owner-checker.ts";
import type { Plan } from "./plan.ts";
import type { Plant } from "./plants.ts";
import { type ProjectorProcess, startProjector } from "./projector-process.ts";
import { type Outbox, publish } from "./publisher-process.ts";
import { createReaderProcess, type ReaderProcess } from "./reader-process.ts";
import { createRedisClient } from "./redis-client.ts";
import { createRedisServer } from "./redis-server.ts";
import { startedAt } from "./shop.ts";
import type { Tell } from "./story.ts";
import { telling } from "./telling.ts";
import { createTruth } from "./truth.ts";
import type { Violations } from "./violations.ts";
import { createWriteChecker } from "./write-checker.ts";

/** Every server and every process of a run, wired: processes start, end and start again. */
export type World = ReturnType<typeof createWorld>;

/** When the stream was created, and the one that was there before it. */
const epoch = startedAt - 60_000;
const earlierEpoch = epoch - 3_600_000;

/** How long a batch takes at most: it is some hundred calls, one after the other. */
const batchMs = (latencyMsMax: number) => 1_500 + 200 * latencyMsMax;

export function createWorld(
  plan: Plan,
  violations: Violations,
  options: { readonly plant?: Plant | undefined; readonly tell?: Tell | undefined },
) {
  const { plant, tell } = options;
  const clock = createClock(startedAt);
  const healAt = startedAt + plan.healAt;
  const epochOf = plant?.epoch ?? ((given: number) => given);
  const versions = versionsOf(epochOf(epoch));
  const truth = createTruth();
  const redis = createRedisServer(clock, createWriteChecker(truth, violations), plant?.store);
  const log = createLogServer(clock, epoch);
  const leases = createLeasesServer(clock);
  const owners = createOwnerChecker(clock, batchMs(plan.latencyMsMax), violations);
  log.catalog.listeners.add(truth.take);
  const outbox: Outbox = { attempted: new Map(), acknowledged: new Map(), givenUp: new Set() };
  let acknowledged = 0;
  const silentUntil = new Map<string, number>();

  const network = createNetwork({
    clock,
    noise: createRandom(plan.noise, 0),
    latencyMsMax: plan.latencyMsMax,
    startedAt,
    faults: plan.faults,
    healAt,
    die: (life, downMs) => end(life.process, downMs),
    tell,
  });

  const lives = new Map<string, Life>();
  const projectors = new Map<string, ProjectorProcess>();
  const readers = new Map<string, { readonly process: ReaderProcess; last: Promise<void> }>();

  function bear(process: string): Life {
    const life: Life = {
      process,
      number: (lives.get(process)?.number ?? 0) + 1,
      alive: true,
      frozen: false,
      held: [],
      linksLost: 0,
      busyUntil: 0,
      answeredUntil: 0,
      endings: [],
    };
    lives.set(process, life);
    return life;
  }

  const logClient = (life: Life, stream: typeof log.catalog) =>
    createLogClient({
      life,
      network,
      server: log,
      stream,
      clock,
      batches: plan.batches,
      silentUntil: () => silentUntil.get(life.process) ?? 0,
    });

  function redisClient(life: Life): ReadModel {
    const client = createRedisClient(life, network, redis);
    return tell === undefined ? client : telling(client, (what) => tell(life.process, what));
  }

  function start(process: string): void {
    const life = bear(process);
    if (life.number > 1) tell?.(process, "starts again");
    if (plan.projectors.includes(process)) {
      const quarantine = logClient(life, log.quarantine);
      const projector = startProjector({
        life,
        network,
        clock,
        plan,
        catalog: logClient(life, log.catalog),
        derived: logClient(life, log.derived),
        quarantine: plant?.quarantine?.(quarantine, log.catalog) ?? quarantine,
        leases: owners.watchingLeases(life, createLeasesClient(life, network, leases)),
        readModel:
          plan.ownership === "leased" ? owners.watchingWrites(life, redisClient(life)) : redisClient(life),
        versions,
        epoch,
        plant,
      });
      projectors.set(process, projector);
    } else if (process.startsWith("publisher")) {
      for (const [id, event] of outbox.attempted) {
        if (event.publisher === process && !outbox.acknowledged.has(id) && !outbox.givenUp.has(id))
          send(event);
      }
      for (const event of plan.events) {
        if (
          event.publisher === process &&
          event.at <= clock.now() - startedAt &&
          !outbox.attempted.has(event.id)
        )
          send(event);
      }
    } else {
      const reader = createReaderProcess({
        life,
        network,
        clock,
        catalog: logClient(life, log.catalog),
        derived: logClient(life, log.derived),
        readModel: redisClient(life),
        versions,
        truth,
        violations,
        acknowledged: () => acknowledged,
        tell,
      });
      readers.set(process, { process: reader, last: Promise.resolve() });
    }
  }

  /** Ends a life at once, and begins the next one a while later, at the latest when all heals. */
  function end(process: string, downMs: number): void {
    const life = lives.get(process);
    if (life?.alive !== true) return;
    tell?.(process, "dies");
    life.alive = false;
    for (const ending of life.endings) ending();
    clock.at(Math.min(clock.now() + downMs, healAt), () => start(process));
  }

  function send(event: Plan["events"][number]): void {
    const life = lives.get(event.publisher);
    if (life?.alive !== true) return;
    const catalog = logClient(life, log.catalog);
    void publish(event, { life, network, catalog, outbox, tell }).then(() => {
      acknowledged = Math.max(acknowledged, outbox.acknowledged.get(event.id) ?? 0);
    });
  }

  return {
    clock,
    plan,
    network,
    redis,
    log,
    leases,
    owners,
    truth,
    outbox,
    versions,
    healAt,
    earlierVersions: versionsOf(epochOf(earlierEpoch)),
    acknowledged: () => acknowledged,
    lives,
    start,
    end,
    send,
    silence(process: string, moment: number) {
      silentUntil.set(process, moment);
    },
    freeze(process: string, ms: number) {
      const life = lives.get(process);
      if (life === undefined) return;
      life.frozen = true;
      clock.at(Math.min(clock.now() + ms, healAt), () => {
        life.frozen = false;
        for (const run of life.held.splice(0)) run();
      });
    },
    /** Asks a process to end, which gives its leases back. */
    stop(process: string, downMs: number) {
      void projectors.get(process)?.stop();
      clock.at(clock.now() + 30, () => end(process, downMs));
    },
    /** A reader does one thing after the other. */
    read(read: Plan["reads"][number]): Promise<void> {
      const reader = readers.get(read.reader);
      if (reader === undefined) return Promise.resolve();
      reader.last = reader.last.then(() => reader.process.read(read));
      return reader.last;
    },
    healNow() {
      network.heal();
      owners.expectOrder();
    },
    /** Behind whatever the reader is still at. */
    readCalmly(reader: string, products: readonly Identifier[]): Promise<void> {
      const found = readers.get(reader);
      return found === undefined
        ? Promise.resolve()
        : found.last.then(() => found.process.readCalmly(products));
    },
  };
}
