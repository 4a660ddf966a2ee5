import type { Random } from "../../ops/demo/random.ts";
import { createFrameCutter, type Frame } from "./frames.ts";
import type { Meddling } from "./link.ts";

/**
 * Trouble with deliveries on the wire between nats-server and whoever reads the event streams: some come
 * again, at once or some messages later, or a whole window of them comes in any order. Everything else on the
 * connection passes as it is.
 */
export interface DeliveryTrouble {
  readonly meddling: Meddling;
  begin(kind: TroubleKind): void;
  /** From here on everything passes as it comes. */
  end(): void;
  /** How many deliveries were repeated, or came out of their turn. */
  count(): number;
}

export type TroubleKind = "duplicate" | "reorder";

const isDelivery = ({ reply }: Frame): boolean => /^\$JS\.ACK\.(?:CATALOG|ACTIVITY)\./.test(reply ?? "");

const duplicateShare = 0.1;
const laterMax = 20;
const windowShare = 0.01;
const windowMax = 100;
/** A quiet log does not keep what is held back for ever. */
const heldMsMax = 50;

export function createDeliveryTrouble(random: Random): DeliveryTrouble {
  let kind: TroubleKind | undefined;
  let count = 0;

  const meddling: Meddling = (pass) => {
    /** The window that is being gathered, and how many it is to hold. */
    let window: Buffer[] = [];
    let windowSize = 0;
    /** Copies on their way, each with the number of deliveries that come before it. */
    let copies: { after: number; readonly bytes: Buffer }[] = [];
    let timer: NodeJS.Timeout | undefined;

    function release(): void {
      clearTimeout(timer);
      timer = undefined;
      for (const bytes of random.sample(window, window.length)) pass(bytes);
      for (const { bytes } of copies) pass(bytes);
      window = [];
      windowSize = 0;
      copies = [];
    }

    function duplicate(bytes: Buffer): void {
      pass(bytes);
      const due = copies.filter((copy) => copy.after-- <= 0);
      copies = copies.filter((copy) => !due.includes(copy));
      for (const copy of due) pass(copy.bytes);
      if (!random.chance(duplicateShare)) return;
      count++;
      if (random.chance(0.5)) pass(bytes);
      else copies.push({ after: random.between(0, laterMax), bytes });
    }

    function reorder(bytes: Buffer): void {
      if (windowSize === 0 && random.chance(windowShare)) windowSize = random.between(2, windowMax);
      if (windowSize === 0) {
        pass(bytes);
        return;
      }
      count++;
      window.push(bytes);
      if (window.length >= windowSize) release();
    }

    return createFrameCutter((frame) => {
      if (kind === undefined && timer !== undefined) release();
      if (kind === undefined || !isDelivery(frame)) {
        pass(frame.bytes);
        return;
      }
      if (kind === "duplicate") duplicate(frame.bytes);
      else reorder(frame.bytes);
      if (copies.length + window.length > 0) timer ??= setTimeout(release, heldMsMax);
    });
  };

  return {
    meddling,
    begin(next) {
      kind = next;
    },
    end() {
      kind = undefined;
    },
    count: () => count,
  };
}
