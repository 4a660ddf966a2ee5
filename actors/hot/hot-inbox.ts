import type { HotInput } from "./hot-input.ts";

/**
 * What waits to be decided, in its order. Beyond a limit words are dropped, which the next ones heal; of changes it is
 * known that there were some. What is no word is never dropped: who reads it from a log waits until there is `room`.
 */
export interface HotInbox {
  put(input: HotInput): void;
  take(): HotInput | undefined;
  readonly isEmpty: boolean;
  readonly hasRoom: boolean;
}

export const inboxMax = 10_000;
const anyChange: HotInput = { kind: "change", products: undefined, drops: [] };
const isWord = ({ kind }: HotInput): boolean => kind === "heat" || kind === "held" || kind === "change";

export function createHotInbox(): HotInbox {
  let inputs: HotInput[] = [];
  let taken = 0;
  const size = () => inputs.length - taken;
  return {
    put(input) {
      if (size() < inboxMax || !isWord(input)) inputs.push(input);
      else if (input.kind === "change" && inputs.at(-1) !== anyChange) inputs.push(anyChange);
    },
    take() {
      const input = inputs[taken];
      if (input !== undefined) taken++;
      // What was taken is let go in one step, once it is at least half of all.
      if (2 * taken >= inputs.length) {
        inputs = inputs.slice(taken);
        taken = 0;
      }
      return input;
    },
    get isEmpty() {
      return size() === 0;
    },
    get hasRoom() {
      return size() < inboxMax;
    },
  };
}
