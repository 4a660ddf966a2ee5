import type { Row } from "../report.ts";
import { buyers, stockInTurns, stockRows } from "../stock-turns.ts";

/**
 * Contention: everybody wants the same product, at the keeper's port, each reservation in an acknowledged event before its
 * answer; beside `UPDATE stock SET qty = qty - 1 WHERE id = $1 AND qty >= 1`, with as many connections.
 */
export async function stockContention(turns: number, turnMs: number): Promise<readonly Row[]> {
  const measured = await stockInTurns({ products: 1, pick: () => 0, turns, turnMs });
  return stockRows(`stock, one product, ${buyers} buyers`, measured, 5);
}
