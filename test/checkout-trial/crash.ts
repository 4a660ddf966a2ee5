import { reservationOf } from "../../api/checkout/reservation.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { patiently } from "../streams/patiently.ts";
import type { Buyer } from "./buyer.ts";
import { openConnection } from "./connection.ts";
import type { Asked } from "./ledger.ts";
import type { ApiNode, Rig } from "./rig.ts";
import type { CartLine, Fate } from "./shop.ts";
import { tokenFor } from "./token.ts";

/** One purchase that a crash comes in between. */
export interface Crash {
  readonly user: Identifier;
  readonly line: CartLine;
  /** Whom the buyer asks first. */
  readonly node: ApiNode;
  /** What he repeats the request with, and what he does then. */
  readonly buyer: Buyer;
  readonly fate: Fate;
  /** What is watched for in the logs. */
  readonly moment: Moment;
  /** Called when it stands there. Resolves when all runs again. */
  readonly kill: () => Promise<unknown>;
}

/** The attempt has begun, units are taken, the answer is written down. */
export const moments = ["begun", "taken", "answered"] as const;
export type Moment = (typeof moments)[number];

export interface Crashed {
  /** Whether the kill came before the answer. */
  readonly isHit: boolean;
  /** The buyer repeats the request until he knows. Resolves when all runs again. */
  finish(): Promise<Asked>;
}

const key = "once";

export async function crash(
  rig: Rig,
  { user, line, node, buyer, fate, moment, kill }: Crash,
): Promise<Crashed> {
  const reservation = reservationOf(user, key);
  const quote = (await buyer.quote(user, [line])) ?? "";
  const stockEnd = (await patiently(() => rig.catalogue.stock.bounds())).last;
  const watching = new AbortController();
  const connection = openConnection(node);
  const asked = connection.ask({
    method: "POST",
    path: "/api/checkout/reservations",
    headers: `Authorization: Bearer ${tokenFor(user, rig.secret)}\r\nIdempotency-Key: ${key}\r\n`,
    body: JSON.stringify({ quote }),
  });
  const stands = untilItStands().then(
    () => !watching.signal.aborted,
    () => false,
  );
  const isSeen = await Promise.race([asked.then(() => false), stands]);
  const back = isSeen ? kill() : undefined;
  const reply = await asked;
  watching.abort();
  connection.close();

  async function untilItStands(): Promise<void> {
    const { checkout, stock } = rig.catalogue;
    const record = `checkout.${tokenOf(user)}.${reservation}`;
    if (moment === "taken") {
      const subject = `stock.${partitionOf(tokenOf(line.product))}`;
      await untilSaid(stock, subject, stockEnd + 1, reservation, watching.signal);
      return;
    }
    const begun = await untilSaid(checkout, record, 1, `"begun"`, watching.signal);
    if (moment === "answered") await untilSaid(checkout, record, begun + 1, `"answered"`, watching.signal);
  }

  return {
    isHit: isSeen && reply?.status !== 201,
    async finish() {
      const { outcome } = await buyer.reserve(user, key, quote);
      const isEnded = outcome === "held" && (await buyer.end(user, reservation, fate));
      await back;
      const known = outcome === "held" ? "unknown" : outcome;
      return { reservation, lines: [line], outcome: isEnded ? fate : known };
    },
  };
}

/** Where the first message stands that has the words in it. Asked for without a pause, since the answer follows in a millisecond. */
async function untilSaid(
  log: Log,
  subject: string,
  from: number,
  words: string,
  signal: AbortSignal,
): Promise<number> {
  for (let next = from; !signal.aborted; ) {
    const at = next;
    const message = await patiently(() => log.next(subject, at));
    if (message === undefined) continue;
    if (Buffer.from(message.payload).includes(words)) return message.sequence;
    next = message.sequence + 1;
  }
  return from;
}
