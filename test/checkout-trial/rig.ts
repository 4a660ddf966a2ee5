import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { QuoteKeys } from "../../api/checkout/quote-token.ts";
import type { Catalogue } from "../../ops/catalogue.ts";
import { freePort } from "../../ops/port.ts";
import type { Target } from "../../ops/rehearse/connection.ts";
import { untilReached } from "../../ops/verify/verify.ts";
import type { Shelfwire } from "../chaos/shelfwire.ts";
import { startSystem, type System } from "../chaos/system.ts";
import { openingOf, type Shop } from "./shop.ts";

/** All that runs in a trial of the checkout, each a process: servers, a projector, those who keep stock, API nodes. */
export interface Rig extends Pick<System, "catalogue" | "natsUrls" | "signal" | "untilAnswers" | "stop"> {
  readonly keepers: readonly Shelfwire[];
  readonly nodes: readonly ApiNode[];
  /** What bearer tokens are signed with. */
  readonly secret: string;
  readonly quoteKeys: QuoteKeys;
  /** Publishes the catalogue; resolves when it can be read. */
  open(shop: Shop): Promise<void>;
  /** It becomes so much later for all processes of Shelfwire. Resolves when each of them has noticed. */
  passTime(ms: number): Promise<void>;
}

export interface ApiNode extends Target {
  readonly url: string;
  readonly life: Shelfwire;
}

export interface RigSettings {
  /** Exists; becomes the data folder of everything. */
  readonly dataDir: string;
  readonly keepers: number;
  readonly nodes: number;
}

const secret = "a secret of the trial's own, 32 bytes";
const quoteKey = { kid: "trial", secret: "another one for quotes: of 33 bytes" };
/** API threads of each node: two nodes have no more of the machine to share. */
const workers = 1;
/** A million attempts take 3 GB of CHECKOUT, which has a twentieth of the log. */
const logBytesMax = "200GB";
/** Longer than the pause between two looks at the clock (`clock-ahead.ts`), also where the machine is busy. */
const noticeMs = 500;

export async function startRig({ dataDir, keepers, nodes }: RigSettings): Promise<Rig> {
  const clock = join(dataDir, "clock-ahead");
  let aheadMs = 0;
  const setClock = () => {
    // Never seen half written.
    writeFileSync(`${clock}.new`, String(aheadMs));
    renameSync(`${clock}.new`, clock);
  };
  setClock();
  const named = (role: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${role}-${at + 1}`);
  const ports = new Map<string, number>();
  for (const name of named("api", nodes)) ports.set(name, await freePort(0));
  const system = await startSystem({
    dataDir,
    environment: {
      JWT_SECRET: secret,
      QUOTE_KEYS: `${quoteKey.kid}:${quoteKey.secret}`,
      WORKERS: String(workers),
      LOG_MAX_BYTES: logBytesMax,
      CLOCK_AHEAD: clock,
      NODE_OPTIONS: `--import=${new URL("./clock-ahead.ts", import.meta.url)}`,
    },
    processes: [
      { role: "projector", name: "projector" },
      ...named("actors", keepers).map((name) => ({ role: "actors" as const, name })),
      ...[...ports].map(([name, port]) => ({
        role: "api" as const,
        name,
        environment: { PORT: String(port) },
      })),
    ],
  });
  const { catalogue } = system;
  return {
    ...system,
    secret,
    quoteKeys: [{ kid: quoteKey.kid, secret: Buffer.from(quoteKey.secret) }],
    keepers: named("actors", keepers).map(system.processNamed),
    nodes: [...ports].map(([name, port]) => ({
      hostname: "127.0.0.1",
      port,
      url: `http://127.0.0.1:${port}`,
      life: system.processNamed(name),
    })),
    open: (shop) => publish(catalogue, shop),
    async passTime(ms) {
      aheadMs += ms;
      setClock();
      await delay(noticeMs);
    },
  };
}

async function publish({ catalog, readModel, versions }: Catalogue, shop: Shop): Promise<void> {
  await Promise.all(openingOf(shop).map(({ subject, payload }) => catalog.append(subject, payload)));
  await untilReached({ readModel, versions: versions.catalog }, (await catalog.bounds()).last);
}
