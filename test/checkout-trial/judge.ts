import { setTimeout as delay } from "node:timers/promises";
import { verifyCatalogue } from "../../ops/verify/verify.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { storedSubject } from "../../streams/subjects.ts";
import { readFrom } from "../chaos/account.ts";
import { note } from "../outages/seen.ts";
import { patiently } from "../streams/patiently.ts";
import { readCatalogStock } from "./catalog-stock.ts";
import { type Check, check, everyAttempt, everyCount, everyPrefix, lastUnits, subjectOf } from "./checks.ts";
import type { Part } from "./part.ts";
import { readReturns } from "./returns.ts";
import type { Rig } from "./rig.ts";
import type { StockReading } from "./stock-reading.ts";

/** What CATALOG shows follows within a second; more where the machine is busy. */
const shownMsMax = 15_000;
const pollMs = 100;
/** Products whose answers `verify` looks at. */
const sample = 40;

/** Holds what buyers were told against the logs, when everything has ended. */
export async function judge(
  rig: Rig,
  parts: readonly Part[],
  stock: StockReading,
): Promise<readonly Check[]> {
  const products = parts.flatMap(({ shop }) => shop.products);
  const orders = await patiently(() => readOrders(rig));
  const returns = await patiently(() => readReturns(rig.catalogue.checkout));
  const catalog = await patiently(() => readCatalogStock(rig.catalogue.catalog, stock));
  return [
    everyPrefix(stock),
    everyCount(stock, catalog),
    ...everyAttempt(parts, stock, orders, returns),
    lastUnits(products, stock, catalog),
    await shown(rig, products, stock),
    await patiently(() => verified(rig)),
  ];
}

/** By the number of events of each. */
async function readOrders({ catalogue }: Rig): Promise<Map<string, number>> {
  const orders = new Map<string, number>();
  await readFrom(catalogue.activity, 1, ({ subject, payload }) => {
    if (!subject.includes(".order.placed.")) return;
    const { order_id } = JSON.parse(Buffer.from(payload).toString()) as { readonly order_id: string };
    orders.set(order_id, (orders.get(order_id) ?? 0) + 1);
  });
  return orders;
}

async function shown(
  rig: Rig,
  products: readonly Identifier[],
  { partitions }: StockReading,
): Promise<Check> {
  const { catalog } = rig.catalogue;
  for (const deadline = performance.now() + shownMsMax; ; await delay(pollMs)) {
    const found = check("what CATALOG shows of every product is what STOCK says is there");
    for (const product of products) {
      found.looked++;
      const subject = storedSubject("inventory.changed", tokenOf(product));
      const message = await patiently(() => catalog.last(subject, "leader"));
      const said = JSON.parse(Buffer.from(message?.payload ?? "{}").toString()) as { new_quantity?: number };
      const {
        stock = 0,
        sold = 0,
        held = 0,
      } = partitions.get(subjectOf({ product }))?.products.get(product) ?? {};
      if (said.new_quantity !== Math.max(0, stock - sold - held))
        note(
          found.wrong,
          "other",
          `${product}: ${JSON.stringify(said)} of ${stock}, sold ${sold}, held ${held}`,
        );
    }
    if (found.wrong.count === 0 || performance.now() > deadline) return found;
  }
}

async function verified({ catalogue, nodes }: Rig): Promise<Check> {
  const {
    products,
    differences,
    shown: told,
  } = await verifyCatalogue({
    ...catalogue,
    versions: catalogue.versions.catalog,
    ...(nodes[0] !== undefined && { api: nodes[0].url }),
    sample,
    now: () => Date.now(),
  });
  const found = check("`shelfwire verify` finds no difference");
  found.looked = products;
  for (const each of told) note(found.wrong, "differs", JSON.stringify(each));
  found.wrong.count = differences;
  return found;
}
