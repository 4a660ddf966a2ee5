import { type PurgeReport, readPurgeReports } from "../../actors/edge-purge/purge-report.ts";
import { type ProjectionStatus, readProjectionStatus } from "../../actors/projection-status.ts";
import { readStockStatus, type StockStatus } from "../../actors/stock/stock-status.ts";
import type { Catalogue } from "../catalogue.ts";
import { purgeTableOf, stockTableOf, tableOf } from "../top/table.ts";
import { untilSignal } from "../signals.ts";

/**
 * `shelfwire top`: how far the projections are, whose they are and how they fare, who keeps stock, and how purges fare. On a
 * terminal it shows tables anew each second until Ctrl-C; else it gives what is now, and ends.
 */
const everyMs = 1_000;
const home = "\u001b[H\u001b[J";

export async function top(
  catalogue: Catalogue,
  output: NodeJS.WriteStream,
  print: ((status: ProjectionStatus | StockStatus | PurgeReport) => void) | undefined,
): Promise<void> {
  const read = async () => ({
    projections: await readProjectionStatus({ ...catalogue, logs: catalogue, now: () => Date.now() }),
    stock: await readStockStatus(catalogue.leases),
    purges: await readPurgeReports(catalogue.leases),
  });
  if (print !== undefined) {
    const { projections, stock, purges } = await read();
    for (const status of [...projections, ...stock, ...purges]) print(status);
    return;
  }
  const tables = ({ projections, stock, purges }: Awaited<ReturnType<typeof read>>) =>
    [tableOf(projections), stockTableOf(stock), ...(purges.length === 0 ? [] : [purgeTableOf(purges)])].join(
      "\n\n",
    );
  if (!output.isTTY) {
    output.write(`${tables(await read())}\n`);
    return;
  }
  const ended = untilSignal().then(() => true);
  do {
    const text = await read().then(tables, (error: Error) => `no answer: ${error.message}`);
    output.write(`${home}${text}\n`);
  } while (!(await Promise.race([ended, pause(everyMs)])));
}

function pause(ms: number): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms));
}
