import { createFrameCutter } from "../chaos/frames.ts";
import type { Meddling } from "../chaos/link.ts";

/** Cuts the channel of changes between nats-server and everybody behind the link, whose connections stay up. */
export interface ChannelCut {
  readonly meddling: Meddling;
  begin(): void;
  end(): void;
  /** Words that were lost. */
  count(): number;
}

const channel = "changes.catalog";

export function createChannelCut(): ChannelCut {
  let cut = false;
  let count = 0;
  return {
    meddling: (pass) =>
      createFrameCutter(({ bytes, subject }) => {
        if (cut && subject === channel) count++;
        else pass(bytes);
      }),
    begin() {
      cut = true;
    },
    end() {
      cut = false;
    },
    count: () => count,
  };
}
