import type { Log } from "../../streams/log.ts";
import { readFrom } from "../chaos/account.ts";

/**
 * How often the units of each reservation were given back to be taken anew, by its record, read by somebody who knows of the
 * product only that an event counts if it builds on the last one that counted. A keeper that took units and whose answer was
 * lost has promised nothing: that taking is given back, and the next one is the one that an answer is about.
 */
export type Returns = ReadonlyMap<string, number>;

interface Said {
  readonly kind: string;
  readonly after: number;
}

/** What an attempt begins with, and what it may come to without an answer. */
const takenAnew = new Set(["begun", "resumed", "yielded", "returned"]);

export async function readReturns(checkout: Log): Promise<Returns> {
  const returns = new Map<string, number>();
  const last = new Map<string, number>();
  await readFrom(checkout, 1, ({ subject, sequence, payload }) => {
    const reservation = subject.slice(subject.lastIndexOf(".") + 1);
    if (reservation === "account") return;
    const { kind, after } = JSON.parse(Buffer.from(payload).toString()) as Said;
    if (after !== (last.get(reservation) ?? 0)) return;
    // Behind an answer nothing is taken anew.
    last.set(reservation, takenAnew.has(kind) ? sequence : Number.POSITIVE_INFINITY);
    if (kind === "returned") returns.set(reservation, (returns.get(reservation) ?? 0) + 1);
  });
  return returns;
}
