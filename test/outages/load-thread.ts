import { parentPort, workerData } from "node:worker_threads";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import { createNode, type Reply } from "./asking.ts";
import { differing } from "./comparing.ts";
import { createHitRate } from "./hit-rate.ts";
import type { Command, LoadFigures, LoadSettings } from "./load.ts";
import { byPhase, type Phase, spreadOf } from "./phases.ts";
import { createPublishing } from "./publishing.ts";
import { createReading } from "./reading.ts";
import { createShop } from "./shop.ts";
import { createSightings } from "./sightings.ts";
import { watchStandstills } from "./standstills.ts";
import { createVisibility } from "./visibility.ts";

/**
 * Publishers, readers and checkers, in a thread of their own: what the links and the harm cost their process is
 * not measured as if readers had waited for it. A command is answered when it is done; the next one comes after that.
 */
const settings = workerData as LoadSettings;
const port = parentPort;
if (port === null) throw new Error("this file is a thread of load.ts");

const shop = createShop(settings.products);
const nodes = settings.nodes.map(({ name, url }) => createNode(name, url));
const connection = await connectNats({ servers: [settings.natsUrl], name: "publisher" });
const log = await openJetStreamLog(connection, "CATALOG");
const standstills = watchStandstills();
const sightings = createSightings();
const hitRate = createHitRate();
const latencies = byPhase((): number[] => []);
/** Its beginning, and the end of the harm. */
const outageAt = { from: 0, to: 0 };
let phase: Phase | undefined;

const visibility = createVisibility({
  nodes,
  see: sightings.see,
  phase: () => phase ?? "calm",
  standstills,
});
const publishing = createPublishing({
  log,
  shop,
  perSecond: settings.changesPerSecond,
  onPrice: (id, sequence, publishedAt) => {
    if (phase !== undefined) visibility.watch(id, sequence, publishedAt);
  },
});
const reading = createReading({ nodes, shop, perSecond: settings.readsPerSecond, see: seeRead });

function seeRead(reply: Reply): void {
  sightings.see(reply);
  if (phase === undefined) return;
  hitRate.see(reply, phase);
  latencies[phase].push(reply.ended - reply.began);
}

const commands: Readonly<Record<Exclude<Command, Phase>, () => unknown>> = {
  open: publishing.open,
  warm: reading.warm,
  begin() {
    publishing.begin();
    reading.begin();
    enter("calm");
  },
  over() {
    outageAt.to = performance.now();
  },
  rate: hitRate.now,
  async stop() {
    // People read on until nobody waits for a price any more.
    await publishing.stop();
    await visibility.settled();
    await reading.stop();
    phase = undefined;
  },
  compare: async () => figures(await differing(nodes, shop, publishing)),
};

function enter(next: Phase): void {
  phase = next;
  if (next === "outage") outageAt.from = performance.now();
}

function figures(differences: readonly string[]): LoadFigures {
  return {
    ...publishing.counts,
    failures: reading.failures,
    older: reading.older,
    wentBack: sightings.wentBack,
    wentBackDegraded: sightings.wentBackDegraded,
    wrong: [...publishing.wrong, ...visibility.wrong],
    differences,
    latencies: byPhase((each) => spreadOf(latencies[each])),
    hitRate: hitRate.figures(outageAt.from, outageAt.to),
    visibility: visibility.figures(),
    standstills: standstills.figures(),
    outageAt,
  };
}

port.on("message", async (command: Command) => {
  try {
    const value =
      command in commands ? await commands[command as keyof typeof commands]() : enter(command as Phase);
    port.postMessage({ command, value });
  } catch (error) {
    port.postMessage({ command, error: (error as Error).stack ?? String(error) });
  }
});
port.postMessage({ command: "start" });
