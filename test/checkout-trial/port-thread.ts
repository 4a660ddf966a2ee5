import { setTimeout as delay } from "node:timers/promises";
import { workerData } from "node:worker_threads";
import { askStock } from "../../actors/stock/stock-asking.ts";
import type { HoldRequest } from "../../actors/stock/stock-port.ts";
import { createRandom } from "../../ops/demo/random.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { openAsking } from "../../streams/jetstream/asking.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { note } from "../outages/seen.ts";
import { calmBuyers, createCounts, type CrowdWorks } from "./crowd.ts";
import { type Asked, createLedger, type Outcome } from "./ledger.ts";
import { portReservation, type PortSettings } from "./port-part.ts";
import { attemptOf, type CartLine, createShop, type Fate } from "./shop.ts";
import { doWorks } from "./work-thread.ts";

/** The thread of port-part.ts. */
const settings = workerData as PortSettings;
const { attempts } = settings;
const shop = createShop(settings.shop);
const ledger = createLedger(settings.ledger);
const { counts, wrong, calm, figures } = createCounts();
const connection = await connectNats({ servers: settings.natsUrls, name: "buyers" });
const stock = askStock(openAsking(connection));
const random = createRandom(settings.shop.seed, -1);
let isCalm = false;
let visits = 0;

/** Whoever leaves what he holds: it is given back while the trial lasts. Everybody else ends it himself. */
const leftMs = 3_000;
/** Also where the rig's clock is ahead. */
const heldMs = 24 * 3_600_000;
const pauseMs = [20, 200] as const;
const pausesMax = 5;
const knownMsMax = 300_000;
/** More than there is of anything. */
const tooMany = 1_000_000;

/** Undefined where nobody will ever tell. `ms`: how long it took, where it was asked for once. */
async function untilKnown<Answer>(
  ask: () => Promise<Answer | "busy">,
): Promise<{ readonly answer: Answer; readonly ms: number | undefined } | undefined> {
  const from = performance.now();
  for (let tries = 0; performance.now() - from < knownMsMax; tries++) {
    try {
      const answer = await ask();
      if (answer !== "busy") return { answer, ms: tries === 0 ? performance.now() - from : undefined };
      counts.unavailable++;
    } catch (error) {
      if (!(error instanceof LogUnavailable)) throw error;
      counts.unanswered++;
    }
    await delay(random.between(...pauseMs) * Math.min(tries + 1, pausesMax));
  }
  note(wrong, "never known", `nothing was known after ${knownMsMax} ms`);
  return undefined;
}

function requestOf(
  reservation: string,
  buyer: Identifier,
  cart: readonly CartLine[],
  fate: Fate,
): HoldRequest {
  const until = Date.now() + (fate === "left" ? leftMs : heldMs);
  return { reservation, taking: 0, buyer, until, lines: cart.map((line) => ({ ...line, seen: 0 })) };
}

interface Had {
  readonly outcome: Exclude<Outcome, "unasked">;
  /** Units that there were of what was short. */
  readonly available?: number | undefined;
}

async function attempt(request: HoldRequest, fate: Fate): Promise<Had> {
  const { reservation, lines } = request;
  const partition = partitionOf(tokenOf(lines[0]?.product as Identifier));
  const known = await untilKnown(async () => {
    const answer = await stock.hold(partition, request);
    return answer.outcome === "busy" ? "busy" : answer;
  });
  if (known === undefined) return { outcome: "unknown" };
  const { answer, ms } = known;
  if (isCalm && ms !== undefined) (answer.outcome === "held" ? calm.held : calm.refused).record(ms);
  if (answer.outcome === "short") return { outcome: "refused", available: answer.lines[0]?.available };
  if (answer.outcome === "ended") return { outcome: "lapsed" };
  if (answer.outcome !== "held") {
    note(wrong, answer.outcome, `${reservation}: ${JSON.stringify(answer)}`);
    return { outcome: "unknown" };
  }
  if (fate === "left") return { outcome: "left" };
  const isEnded = await untilKnown(
    async () => void (await stock.end(partition, { reservation, taking: 0, how: fate })),
  );
  return { outcome: isEnded === undefined ? "unknown" : fate };
}

async function buy(isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    counts.attempts++;
    const visit = visits++;
    const number = attemptOf(visit, 0);
    const fate = shop.fateOf(number);
    ledger.put(number, "unknown");
    const request = requestOf(portReservation(number), shop.userOf(visit), shop.cartOf(visit), fate);
    const { outcome } = await attempt(request, fate);
    ledger.put(number, outcome);
    counts[outcome]++;
  }
}

const crowd = (size: number, isOver: () => boolean) =>
  Promise.all(Array.from({ length: size }, () => buy(isOver)));

async function sellOut(product: Identifier): Promise<readonly Asked[]> {
  const asked: Asked[] = [];
  for (let quantity = tooMany; quantity > 0; ) {
    const lines = [{ product, quantity }];
    const reservation = portReservation(`${product}-${asked.length}`);
    const { outcome, available = 0 } = await attempt(requestOf(reservation, product, lines, "sold"), "sold");
    asked.push({ reservation, lines, outcome });
    quantity = outcome === "sold" ? tooMany : available;
  }
  return asked;
}

doWorks<CrowdWorks>({
  async calm() {
    isCalm = true;
    const until = performance.now() + settings.calmMs;
    await crowd(calmBuyers, () => performance.now() > until || counts.attempts >= attempts);
    isCalm = false;
  },
  async rush() {
    const from = performance.now();
    await crowd(settings.buyers, () => counts.attempts >= attempts);
    counts.rushMs = Math.round(performance.now() - from);
  },
  sellOut: async () => (await Promise.all(shop.products.map(sellOut))).flat(),
  figures,
});
