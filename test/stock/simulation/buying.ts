import type { HoldAnswer, HoldRequest, StockPort } from "../../../actors/stock/stock-port.ts";
import { LogUnavailable } from "../../../streams/log.ts";
import type { Hold, HowEnded } from "../../../streams/stock-commit.ts";
import { holdName } from "./ledger.ts";
import type { PlannedPurchase } from "./plan.ts";

/** Buyers, who ask again until they know; and what became of each reservation, which is decided once. */
export interface Buying {
  /** Resolves when all that is wanted of it is done, with the last answer. */
  buy(request: HoldRequest, wanted: Pick<PlannedPurchase, "fate" | "fateMs">): Promise<HoldAnswer>;
  /** What becomes of a hold whose time is up. */
  decide(hold: Pick<Hold, "reservation" | "taking">): HowEnded;
  /** How a hold was to end, by its name. */
  decided(name: string): HowEnded | undefined;
}

const againMs = 150;

export function createBuying(
  stock: StockPort,
  partition: number,
  sleep: (ms: number) => Promise<void>,
): Buying {
  const decisions = new Map<string, HowEnded>();

  function settle(reservation: string, taking: number, how: HowEnded): HowEnded {
    const name = holdName(reservation, taking);
    const standing = decisions.get(name) ?? how;
    decisions.set(name, standing);
    return standing;
  }

  /** Until it is known. */
  async function surely<T>(ask: () => Promise<T>, isKnown: (answer: T) => boolean): Promise<T> {
    for (;;) {
      try {
        const answer = await ask();
        if (isKnown(answer)) return answer;
      } catch (error) {
        if (!(error instanceof LogUnavailable)) throw error;
      }
      await sleep(againMs);
    }
  }

  const hold = (request: HoldRequest) =>
    surely(
      () => stock.hold(partition, request),
      ({ outcome }) => outcome !== "busy",
    );

  const end = (reservation: string, taking: number, how: HowEnded) =>
    surely(
      () => stock.end(partition, { reservation, taking, how }),
      () => true,
    );

  return {
    decide: ({ reservation, taking }) => settle(reservation, taking, "expired"),
    decided: (name) => decisions.get(name),
    async buy(request, { fate, fateMs }) {
      const { reservation, taking } = request;
      const asking = hold(request);
      // Who cancels does not wait for the answer.
      if (fate !== "cancelled") await asking;
      await sleep(fateMs);
      if (fate === "cancelled") await end(reservation, taking, settle(reservation, taking, "cancelled"));
      const answer = await asking;
      if (answer.outcome !== "held") return answer;
      if (fate === "sold") {
        const how = settle(reservation, taking, "sold");
        if (how === "sold") await end(reservation, taking, how);
      }
      if (fate !== "anew" || settle(reservation, taking, "cancelled") !== "cancelled") return answer;
      // The keeper may hear of it later than of the next one, which ends it as well.
      void end(reservation, taking, "cancelled");
      return hold({ ...request, taking: taking + 1 });
    },
  };
}
