import { type Identifier, identifierOf } from "../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import type { HotState } from "./hot-state.ts";
import {
  decodeCommand,
  decodeTransition,
  type HotCommand,
  isTransitionSubject,
  transitionSubject,
} from "./transitions.ts";

/** The HOT stream read from its first message: what every product was left at, and what operators wanted. */
export interface HotFold {
  /** The newest state of each product, with the place of its transition. */
  readonly products: ReadonlyMap<Identifier, { readonly state: HotState; readonly sequence: number }>;
  /** In their order, those that were applied already included. */
  readonly commands: readonly PlacedCommand[];
  /** Up to where it was read. */
  readonly last: number;
}

export interface PlacedCommand extends HotCommand {
  readonly product: Identifier;
  /** Its place in the stream. */
  readonly sequence: number;
}

const batchMax = 1_024;
/** A machine that is busy, as when an owner was lost, may take its time to begin. */
const waitMs = 5_000;
/** Of one operator and one product only the newest counts, so that no number of them fills the memory. */
const commandsMax = 100_000;

/**
 * Costs a scan of what the stream keeps, of which only the newest transition of each product is decoded. Throws where the
 * log does not answer.
 */
export async function readHotStream(hot: Log, alive: () => void): Promise<HotFold> {
  const { first, last, messages } = await hot.bounds();
  const newest = new Map<string, StoredMessage>();
  let commands: PlacedCommand[] = [];
  if (messages > 0) {
    const tail = hot.tail({ from: first });
    try {
      let at = first - 1;
      // The last ones may have been taken out of it.
      for (let pending = messages; at < last && pending > 0; ) {
        alive();
        const batch = await tail.take(batchMax, waitMs);
        if (batch.messages.length === 0)
          throw new Error(`${hot.stream} gave nothing behind ${at} in ${waitMs} ms`);
        ({ pending } = batch);
        for (const message of batch.messages) {
          at = message.sequence;
          if (at > last) break;
          if (isTransitionSubject(message.subject)) newest.set(message.subject, message);
          else commands.push(...placedCommand(message));
        }
        if (commands.length > commandsMax) commands = newestOfEach(commands);
      }
    } finally {
      await tail.close();
    }
  }
  const products = new Map<Identifier, { state: HotState; sequence: number }>();
  for (const { subject, payload, sequence } of newest.values()) {
    const state = decodeTransition(payload)?.after;
    if (state !== undefined && subject === transitionSubject(state.product))
      products.set(state.product, { state, sequence });
  }
  return { products, commands, last };
}

/** What a message says, if it is a command at all. */
export function placedCommand({ subject, payload, sequence }: StoredMessage): readonly PlacedCommand[] {
  const product = identifierOf(subject.slice(subject.lastIndexOf(".") + 1));
  const command = decodeCommand(payload);
  return product === undefined || command === undefined ? [] : [{ ...command, product, sequence }];
}

function newestOfEach(commands: readonly PlacedCommand[]): PlacedCommand[] {
  const byProduct = new Map(commands.map((command) => [command.product, command]));
  return [...byProduct.values()].sort((a, b) => a.sequence - b.sequence);
}
