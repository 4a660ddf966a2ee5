import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../../streams/log.ts";
import type { History } from "./history.ts";
import type { Judgement } from "./judge.ts";
import type { Others } from "./judge-variants.ts";
import type { Oracle } from "./oracle.ts";
import type { Reply } from "./tier.ts";

/**
 * Judges replies, and waits for the oracle where a tier is ahead of it: on a busy machine the tier may have heard of a
 * change first.
 */
export interface Judging {
  judge(id: History["id"], reply: Reply): Promise<Judgement>;
  /** The oracle has heard of more. */
  wake(): void;
}

/** How long an answer may be ahead of the oracle before the log's end is asked for. */
const aheadMsMax = 5_000;

export function createJudging(options: {
  readonly oracle: Pick<Oracle, "head" | "historyOf" | "extend">;
  readonly catalog: Pick<Log, "bounds">;
  readonly others: Others;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}): Judging {
  const { oracle, catalog, others, now } = options;
  let waiting: (() => void)[] = [];

  const heardMore = () =>
    Promise.race([
      new Promise<void>((wake) => waiting.push(wake)),
      delay(aheadMsMax, undefined, { ref: false }),
    ]);

  /** Whether the oracle came to the end that the log has now, which is behind all that an answer of before can show. */
  async function hasCaughtUp(): Promise<boolean> {
    const bounds = await catalog.bounds().catch(() => undefined);
    if (bounds === undefined) return false;
    for (const until = now() + aheadMsMax; oracle.head < bounds.last; await heardMore())
      if (now() > until) return false;
    return true;
  }

  return {
    async judge(id, reply) {
      let isCaughtUp = false;
      for (let first = true; ; first = false) {
        const history = oracle.historyOf(id);
        if (history === undefined) return { verdict: "unchecked", reason: "behind" };
        const judgement = reply.judge(history, oracle.head, others);
        if (judgement.verdict === "wrong" && (await oracle.extend(id))) continue;
        if (judgement.verdict === "placed" && !isCaughtUp && hasVariantLack(judgement)) {
          // A variant carries no version. One that is newer than what the oracle has heard may equal what it once was.
          isCaughtUp = await hasCaughtUp();
          if (!isCaughtUp) return { verdict: "unchecked", reason: "behind" };
          continue;
        }
        if (judgement.verdict !== "ahead") return judgement;
        if (!first && now() - reply.answeredAt > aheadMsMax) {
          const { last } = await catalog.bounds().catch(() => ({ last: judgement.sequence }));
          if (last >= judgement.sequence) return { verdict: "unchecked", reason: "behind" };
          const what = "version, which is beyond the end of the log";
          return { verdict: "wrong", what, expected: last, found: judgement.sequence };
        }
        await heardMore();
      }
    },
    wake() {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
  };
}

const hasVariantLack = ({ lacks }: Extract<Judgement, { readonly verdict: "placed" }>): boolean =>
  lacks.some(({ variant }) => variant !== undefined);
