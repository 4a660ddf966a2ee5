import { createRandom } from "../random.ts";
import type { Row } from "../report.ts";
import { buyers, stockInTurns, stockRows } from "../stock-turns.ts";

/** Spread: as contention, but everybody wants any of many products, so that rows are hardly ever waited for. */
export async function stockSpread(products: number, turns: number, turnMs: number): Promise<readonly Row[]> {
  const random = createRandom(5);
  const pick = () => Math.floor(random() * products);
  const measured = await stockInTurns({ products, pick, turns, turnMs });
  return stockRows(`stock, ${products.toLocaleString("en")} products, ${buyers} buyers`, measured, undefined);
}
