import { setTimeout as delay } from "node:timers/promises";
import { reservationOf } from "../../api/checkout/reservation.ts";
import type { Random } from "../../ops/demo/random.ts";
import type { Target } from "../../ops/rehearse/connection.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { note, type Seen } from "../outages/seen.ts";
import { openConnection, type Reply, type Request } from "./connection.ts";
import type { CartLine, Fate } from "./shop.ts";
import { tokenFor } from "./token.ts";

/**
 * One buyer after the other, over all nodes: whoever has no answer, or is told to ask again, repeats the very same request
 * on the next node, until he knows.
 */
export interface Buyer {
  /** Undefined where it did not come to a good end. */
  quote(user: Identifier, cart: readonly CartLine[]): Promise<string | undefined>;
  reserve(user: Identifier, key: string, quote: string): Promise<Reserved>;
  /** Whether it came to that end. */
  end(user: Identifier, reservation: string, fate: Fate): Promise<boolean>;
  close(): void;
}

export type Reserved =
  | { readonly outcome: "held"; readonly reservation: string }
  /** How many units of each product that was short there were. */
  | { readonly outcome: "refused"; readonly available: ReadonlyMap<string, number> }
  | { readonly outcome: "lapsed" | "unknown" };

export interface BuyerSettings {
  readonly nodes: readonly Target[];
  readonly secret: string;
  readonly random: Random;
  readonly repeats: Repeats;
  /** Answers that nobody should have been given. */
  readonly wrong: Seen;
  /** Hears how long an answer took that was given to who asked for the first time. */
  readonly onReserved: (status: number, ms: number) => void;
}

/** Why requests were repeated. */
export interface Repeats {
  unanswered: number;
  unavailable: number;
  inProgress: number;
  tooMany: number;
}

const reservations = "/api/checkout/reservations";
/** Who asks again with nothing said about when waits for so long, and more each time. */
const pauseMs = [20, 200] as const;
const pausesMax = 5;
/** Then nobody will ever tell. */
const knownMsMax = 300_000;

export function createBuyer(settings: BuyerSettings): Buyer {
  const { nodes, secret, random, repeats, wrong, onReserved } = settings;
  const connections = nodes.map(openConnection);
  /** Whose token it is, since a buyer asks several times. */
  let known = { user: "", authorization: "" };

  function request(
    user: string,
    method: Request["method"],
    path: string,
    body?: object,
    key?: string,
  ): Request {
    if (known.user !== user)
      known = { user, authorization: `Authorization: Bearer ${tokenFor(user, secret)}\r\n` };
    const { authorization } = known;
    return {
      method,
      path,
      headers: key === undefined ? authorization : `${authorization}Idempotency-Key: ${key}\r\n`,
      body: body === undefined ? "" : JSON.stringify(body),
    };
  }

  /** The answer that is the last word; undefined where there is none. */
  async function untilKnown(
    asked: Request,
  ): Promise<(Reply & { readonly ms: number | undefined }) | undefined> {
    const from = performance.now();
    let turn = random.between(0, connections.length - 1);
    for (let tries = 0; performance.now() - from < knownMsMax; tries++) {
      const reply = await connections[turn++ % connections.length]?.ask(asked);
      const reason = reasonToRepeat(reply);
      if (reply !== undefined && reason === undefined)
        return { ...reply, ms: tries === 0 ? performance.now() - from : undefined };
      if (reason !== undefined) repeats[reason]++;
      await delay(reply?.retryAfterMs || random.between(...pauseMs) * Math.min(tries + 1, pausesMax));
    }
    note(wrong, "never known", `${asked.method} ${asked.path}: asked for ${knownMsMax} ms`);
    return undefined;
  }

  function blame({ method, path }: Request, { status, body }: Reply): void {
    note(wrong, String(status), `${method} ${path}: ${status} ${body.slice(0, 300)}`);
  }

  return {
    async quote(user, cart) {
      const items = cart.map(({ product, quantity }) => ({ product_id: product, quantity }));
      const asked = request(user, "POST", "/api/checkout/quotes", { items });
      const reply = await untilKnown(asked);
      if (reply?.status === 200) return (JSON.parse(reply.body) as { readonly quote: string }).quote;
      if (reply !== undefined) blame(asked, reply);
      return undefined;
    },

    async reserve(user, key, quote) {
      const reservation = reservationOf(user, key);
      const asked = request(user, "POST", reservations, { quote }, key);
      const reply = await untilKnown(asked);
      if (reply === undefined) return { outcome: "unknown" };
      if (reply.ms !== undefined) onReserved(reply.status, reply.ms);
      if (reply.status === 201 && reply.body.includes(`"reservation_id":"${reservation}"`))
        return { outcome: "held", reservation };
      if (isProblem(reply, "out-of-stock")) return { outcome: "refused", available: availableIn(reply) };
      if (isProblem(reply, "reservation-expired")) return { outcome: "lapsed" };
      blame(asked, reply);
      return { outcome: "unknown" };
    },

    async end(user, reservation, fate) {
      if (fate === "left") return true;
      const path = `${reservations}/${reservation}`;
      const asked =
        fate === "sold" ? request(user, "POST", `${path}/confirm`) : request(user, "DELETE", path);
      const reply = await untilKnown(asked);
      if (reply?.status === 200) return true;
      if (reply !== undefined) blame(asked, reply);
      return false;
    },

    close() {
      for (const connection of connections) connection.close();
    },
  };
}

const isProblem = ({ body }: Reply, code: string): boolean =>
  body.includes(`"type":"urn:shelfwire:problem:${code}"`);

function reasonToRepeat(reply: Reply | undefined): keyof Repeats | undefined {
  // By 408 a node says that it had no time to look at a request before it was given up.
  if (reply === undefined || reply.status === 408) return "unanswered";
  if (reply.status === 503) return "unavailable";
  if (reply.status === 429) return "tooMany";
  return reply.status === 409 && isProblem(reply, "reservation-in-progress") ? "inProgress" : undefined;
}

function availableIn({ body }: Reply): ReadonlyMap<string, number> {
  const { lines } = JSON.parse(body) as { lines: { product_id: string; available: number }[] };
  return new Map(lines.map(({ product_id, available }) => [product_id, available]));
}
