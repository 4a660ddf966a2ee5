import fc from "fast-check";
import { createRandom } from "../../ops/demo/random.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { publicSubject } from "../../streams/subjects.ts";
import { bytesOf, problemOf } from "../checkout/hostile-replies.ts";
import { type HostileRequest, hostileRequests, type Material } from "../checkout/hostile-requests.ts";
import { nothingSeen, note } from "../outages/seen.ts";
import { id } from "../streams/id.ts";
import { badQuotes } from "./bad-quotes.ts";
import { createBuyer } from "./buyer.ts";
import { openConnection, type Reply } from "./connection.ts";
import { untilShared } from "./keeping.ts";
import { buy, buyLastUnits } from "./last-units.ts";
import type { Asked } from "./ledger.ts";
import type { HostileFigures, StartPart } from "./part.ts";
import { createShop, type Fate } from "./shop.ts";
import { tokenFor } from "./token.ts";

/**
 * Hostile requests for quotes and reservations, from a seed, over many connections to all nodes. None is answered by a
 * 5xx, each that is refused is told so in a problem document, and nothing is taken for any. Others buy before, in the middle
 * and afterwards.
 */
export interface HostilePlan {
  readonly seed: number;
  /** Requests. */
  readonly bodies: number;
}

const connections = 32;
/** Of requests that are made at once. */
const batch = 500;
const fates: readonly Fate[] = ["sold", "cancelled", "left"];
const mallory = id("mallory");

export const hostilePart =
  ({ seed, bodies }: HostilePlan): StartPart =>
  (rig) => {
    const shop = createShop({
      seed,
      name: "target",
      productCount: 3,
      units: 50,
      users: 1,
      onePartition: false,
    });
    const [product, ...others] = shop.products as readonly [Identifier, ...Identifier[]];
    const figures: HostileFigures = { bodies: 0, connections, statuses: {} };
    const wrong = nothingSeen();
    const asked: Asked[] = [];
    const buyer = createBuyer({
      nodes: rig.nodes,
      secret: rig.secret,
      random: createRandom(seed, -1),
      repeats: { unanswered: 0, unavailable: 0, inProgress: 0, tooMany: 0 },
      wrong,
      onReserved() {},
    });
    const authorization = `Authorization: Bearer ${tokenFor(mallory, rig.secret)}\r\n`;
    let middle: Promise<void> | undefined;

    async function purchase(when: string): Promise<void> {
      for (const [at, fate] of fates.entries()) {
        const line = { product: shop.products[at] ?? product, quantity: 1 };
        const bought = await buy(buyer, id(`${when}-${fate}`), "once", line, fate);
        if (bought.outcome !== fate) note(wrong, "purchase", `${when}: ${JSON.stringify(bought)}`);
        asked.push(bought);
      }
    }

    async function given(user: Identifier, wanted: Identifier): Promise<string> {
      const quote = await buyer.quote(user, [{ product: wanted, quantity: 1 }]);
      if (quote === undefined) throw new Error(`there is no quote for ${wanted}`);
      return quote;
    }

    /** Two more products: one that nobody can buy, and one whose price is soon in another currency. */
    async function makeMaterial(): Promise<Material> {
      const { catalog } = rig.catalogue;
      const say = (
        kind: "product.modified" | "price.updated" | "inventory.changed",
        about: Identifier,
        what: object,
      ) => catalog.append(publicSubject(kind, about), Buffer.from(JSON.stringify(what)));
      const price = (currency: string) => ({ new_price: { amount: 500, currency } });
      const [none, foreign] = [id("sold-out"), id("moved-abroad")];
      for (const one of [none, foreign]) {
        await say("product.modified", one, { title: one });
        await say("price.updated", one, price("GBP"));
        await say("inventory.changed", one, { new_quantity: one === none ? 0 : 50 });
      }
      const quotes = {
        good: await given(mallory, none),
        foreign: await given(mallory, foreign),
        ofAnother: await given(id("alice"), product),
      };
      await say("price.updated", foreign, price("EUR"));
      return {
        product,
        quote: quotes.good,
        bad: badQuotes({ keys: rig.quoteKeys, user: mallory, ...quotes }),
      };
    }

    async function send(material: Material): Promise<void> {
      const requests = hostileRequests(material);
      const waiting: HostileRequest[] = [];
      let made = 0;
      const next = (): HostileRequest | undefined => {
        if (waiting.length === 0 && made < bodies) {
          waiting.push(
            ...fc.sample(requests, { seed: seed + made, numRuns: Math.min(batch, bodies - made) }).reverse(),
          );
          made += waiting.length;
        }
        return waiting.pop();
      };
      await Promise.all(
        Array.from({ length: connections }, async (_, at) => {
          const node = rig.nodes[at % rig.nodes.length] ?? rig.nodes[0];
          if (node === undefined) throw new Error("there is no API node");
          const connection = openConnection(node);
          for (let request = next(); request !== undefined; request = next()) {
            const reply = await connection.send(bytesOf(request, authorization), !request.isWhole);
            look(request, reply);
          }
          connection.close();
        }),
      );
    }

    function look(request: HostileRequest, reply: Reply | undefined): void {
      const kind = reply === undefined ? "none" : String(reply.status);
      figures.statuses[kind] = (figures.statuses[kind] ?? 0) + 1;
      const reason = reply === undefined ? "there is no answer" : problemOf(request, reply);
      if (reason !== undefined)
        note(wrong, reason, `seed ${seed}, body ${figures.bodies}: ${reason}: ${told(request, reply)}`);
      if (++figures.bodies >= bodies / 2) middle ??= purchase("in the middle");
    }

    return {
      name: "hostile",
      shop,
      placesOrders: true,
      async play() {
        await untilShared(rig);
        await purchase("before");
        await send(await makeMaterial());
        await middle;
        await purchase("afterwards");
      },
      async sellOut() {
        for (const one of [product, ...others]) asked.push(...(await buyLastUnits(one, buyer)));
      },
      asked: () => asked,
      figures: async () => ({ hostile: figures, wrong: wrong.first }),
      async close() {
        buyer.close();
      },
    };
  };

const shownMax = 300;

const told = ({ path, headers, body, statuses }: HostileRequest, reply: Reply | undefined): string =>
  JSON.stringify({
    path,
    headers: headers.slice(0, shownMax),
    body: body.toString("latin1", 0, shownMax),
    bytes: body.length,
    statuses,
    answer: reply && { status: reply.status, type: reply.mediaType, body: reply.body.slice(0, shownMax) },
  });
