import type { Life } from "../../simulation/network.ts";
import type { Overhear } from "./asking.ts";
import { Broken, holdName, type Ledger } from "./ledger.ts";

/**
 * Holds each answer of a keeper against the log: who is told that he has units has them by then, and who is told that there
 * are too few was not given any, and there were too few at some moment while he waited.
 */
export interface AnswerChecker {
  readonly overhear: Overhear;
  /** Questions of processes that live still and have no answer. */
  unanswered(): readonly string[];
}

interface Call {
  readonly life: Life;
  readonly name: string;
  /** Where STOCK ended when it was asked. */
  readonly from: number;
  /** Another question about the same hold was with the same keeper meanwhile. */
  isShared: boolean;
}

interface HoldQuestion {
  readonly reservation: string;
  readonly taking: number;
  readonly lines: readonly { readonly product: string; readonly quantity: number }[];
}

interface HoldAnswer {
  readonly outcome: string;
  readonly lines?: readonly { readonly product: string; readonly available: number }[];
}

export function createAnswerChecker(
  ledger: Ledger,
  head: () => number,
  report: (error: Broken) => void,
): AnswerChecker {
  const calls = new Set<Call>();

  function check(call: Call, { lines }: HoldQuestion, answer: HoldAnswer): void {
    const { name, life, from } = call;
    const hold = ledger.holds.get(name);
    const says = `${life.process} tells ${name} "${answer.outcome}"`;
    if (answer.outcome === "held") {
      if (hold === undefined) throw new Broken(`${says}, and it is not in the log`);
      return;
    }
    // It may have ended, and its answer be late.
    if (answer.outcome === "ended") return;
    const isOwn = hold?.commit.startsWith(`${life.process} ${life.number} `) === true;
    if (isOwn && hold.place > from && !call.isShared) throw new Broken(`${says}, and has taken its units`);
    if (answer.outcome !== "short") return;
    for (const { product, available } of answer.lines ?? []) {
      const wanted = lines.find((line) => line.product === product)?.quantity ?? 0;
      if (!ledger.availableSince(product, from).some((each) => each < wanted))
        throw new Broken(`${says}: ${available} of ${product}, of which there were enough all the time`);
    }
  }

  return {
    overhear(life, question) {
      const { hold } = JSON.parse(Buffer.from(question).toString()) as { readonly hold?: HoldQuestion };
      if (hold === undefined) return () => {};
      const name = holdName(hold.reservation, hold.taking);
      const same = [...calls].filter((each) => each.life === life && each.name === name);
      for (const each of same) each.isShared = true;
      const call = { life, name, from: head(), isShared: same.length > 0 };
      calls.add(call);
      return (answer) => {
        calls.delete(call);
        if (answer === undefined) return;
        const said = JSON.parse(Buffer.from(answer).toString()) as { readonly hold?: HoldAnswer };
        try {
          if (said.hold !== undefined) check(call, hold, said.hold);
        } catch (error) {
          if (!(error instanceof Broken)) throw error;
          report(error);
        }
      };
    },
    unanswered: () =>
      [...calls].filter(({ life }) => life.alive).map(({ life, name }) => `${name} at ${life.process}`),
  };
}
