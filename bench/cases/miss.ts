import { createSlots } from "../../streams/slots.ts";
import { connect } from "nats";
import { createRedisLoadClaims } from "../../projections/redis/load-claims.ts";
import { createCatalogReader } from "../../api/reader.ts";
import { createLogger } from "../../ops/logger.ts";
import { tokenOf } from "../../streams/identifier.ts";
import { storedSubject } from "../../streams/subjects.ts";
import { fill, productId } from "../mix.ts";
import type { Row } from "../report.ts";
import { quantile, type Rig, startRig } from "../rig.ts";

/**
 * A miss: a product that Redis does not hold is read from the log and put back, beside one bare direct get.
 * The product read asks for five subjects at once.
 */
export async function miss(products: number, reads: number): Promise<readonly Row[]> {
  const rig = await startRig();
  try {
    await fill(rig.natsPort, products, 1);
    const { ours, bare } = await measure(rig, products, reads);
    const ratio = (share: number) => quantile(ours, share) / quantile(bare, share);
    return [
      {
        name: `miss, one product from the log, ${products.toLocaleString("en")} products`,
        ours: `p50 ${quantile(ours, 0.5).toFixed(2)} ms, p99 ${quantile(ours, 0.99).toFixed(2)} ms`,
        yardstick: `p50 ${quantile(bare, 0.5).toFixed(2)} ms, p99 ${quantile(bare, 0.99).toFixed(2)} ms (direct get)`,
        ratio: `${ratio(0.5).toFixed(2)} and ${ratio(0.99).toFixed(2)}`,
        wanted: "reported",
        note: "one at a time, 5 gets each",
      },
    ];
  } finally {
    await rig.close();
  }
}

async function measure(rig: Rig, products: number, reads: number) {
  const { catalogue, natsPort } = rig;
  const connection = await connect({ port: natsPort });
  const reader = createCatalogReader({
    ...catalogue,
    slots: createSlots(32),
    claims: createRedisLoadClaims(catalogue.redis, catalogue.versions.catalog(0)),
    versions: catalogue.versions.catalog,
    now: () => Date.now(),
    journal: createLogger("error"),
  });
  const ours: number[] = [];
  const bare: number[] = [];
  for (let read = 0; read < reads; read++) {
    const id = productId((read * 7_919) % products);
    const from = performance.now();
    const [found] = await reader.read([id], { freshnessMs: 5_000 });
    ours.push(performance.now() - from);
    if (found?.source !== "log") throw new Error(`${id} did not come from the log`);
    const other = productId((read * 7_919 + 13) % products);
    const subject = storedSubject("price.updated", tokenOf(other));
    const since = performance.now();
    await connection.request("$JS.API.DIRECT.GET.CATALOG", JSON.stringify({ last_by_subj: subject }));
    bare.push(performance.now() - since);
  }
  await connection.close();
  return { ours, bare };
}
