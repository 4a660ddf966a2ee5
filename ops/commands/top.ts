import { type ProjectionStatus, readProjectionStatus } from "../../actors/projection-status.ts";
import type { Catalogue } from "../catalogue.ts";
import { tableOf } from "../top/table.ts";
import { untilSignal } from "../signals.ts";

/**
 * `shelfwire top`: how far the projections are, whose they are and how they fare. On a terminal it shows a table
 * anew each second until Ctrl-C; else it gives what is now, and ends.
 */
const everyMs = 1_000;
const home = "\u001b[H\u001b[J";

export async function top(
  catalogue: Catalogue,
  output: NodeJS.WriteStream,
  print: ((status: ProjectionStatus) => void) | undefined,
): Promise<void> {
  const read = () => readProjectionStatus({ ...catalogue, logs: catalogue, now: () => Date.now() });
  if (print !== undefined) {
    for (const status of await read()) print(status);
    return;
  }
  if (!output.isTTY) {
    output.write(`${tableOf(await read())}\n`);
    return;
  }
  const ended = untilSignal().then(() => true);
  do {
    const text = await read().then(tableOf, (error: Error) => `no answer: ${error.message}`);
    output.write(`${home}${text}\n`);
  } while (!(await Promise.race([ended, pause(everyMs)])));
}

function pause(ms: number): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(false), ms));
}
