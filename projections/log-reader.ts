import { decodeEvent, isBad } from "../streams/events.ts";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import { type Log, LogUnavailable, type ReadFrom, type StoredMessage } from "../streams/log.ts";
import { storedSubject } from "../streams/subjects.ts";
import { type DerivedName, type Good, readDerived } from "./derived.ts";
import { evolveDetails } from "./details.ts";
import { evolveInventory } from "./inventory.ts";
import { evolvePrice } from "./price.ts";
import type { Registers } from "./read-model.ts";

/**
 * Registers read from the log itself: one get by exact subject each, however many events the product has had.
 *
 * If the newest event there is bad, the projector has left the last good value in the derived stream, one get
 * more. Only when it has not come that far yet is the subject read from its beginning.
 */
/** How long the log may take to begin delivering a subject that is read from its beginning. */
const waitMs = 5_000;

export type LogRegister = Exclude<keyof Registers, "reviews">;

export interface LogReader {
  read<Name extends LogRegister>(
    register: Name,
    id: Identifier,
    from: ReadFrom,
  ): Promise<Registers[Name] | undefined>;
}

type Fold<Name extends LogRegister> = (
  state: Registers[Name] | undefined,
  message: StoredMessage,
) => Registers[Name] | undefined;

const kinds = {
  product: "product.modified",
  price: "price.updated",
  inventory: "inventory.changed",
} as const satisfies Record<LogRegister, string>;

const folds: { readonly [Name in LogRegister]: Fold<Name> } = {
  product: (state, message) => {
    const event = decodeEvent(message);
    return isBad(event) || event.kind !== "product.modified" ? state : evolveDetails(state, event);
  },
  price: (state, message) => {
    const event = decodeEvent(message);
    return isBad(event) || event.kind !== "price.updated" ? state : evolvePrice(state, event);
  },
  inventory: (state, message) => {
    const event = decodeEvent(message);
    return isBad(event) || event.kind !== "inventory.changed" ? state : evolveInventory(state, event);
  },
};

/** The messages of one exact subject, from its first one up to and with a sequence at which it has one. */
export async function* replaySubject(
  log: Log,
  subject: string,
  until: number,
): AsyncGenerator<StoredMessage> {
  const tail = log.tail({ from: 1, subject });
  try {
    for (;;) {
      const { messages } = await tail.take(1_000, waitMs);
      if (messages.length === 0) throw new LogUnavailable(`${log.stream} did not deliver ${subject}`);
      for (const message of messages) {
        if (message.sequence > until) return;
        yield message;
        if (message.sequence === until) return;
      }
    }
  } finally {
    await tail.close();
  }
}

export function createLogReader(catalog: Log, derived: Log): LogReader {
  async function fromTheBeginning<Name extends LogRegister>(
    subject: string,
    until: number,
    fold: Fold<Name>,
  ): Promise<Registers[Name] | undefined> {
    let state: Registers[Name] | undefined;
    for await (const message of replaySubject(catalog, subject, until)) state = fold(state, message);
    return state;
  }

  return {
    async read(register, id, from) {
      const subject = storedSubject(kinds[register], tokenOf(id));
      const last = await catalog.last(subject, from);
      if (last === undefined) return undefined;
      const fold = folds[register];
      const value = fold(undefined, last);
      if (value !== undefined) return value;
      const name: DerivedName = `good.${register}`;
      const good = (await readDerived(derived, name, id, from)) as Good<typeof register> | undefined;
      if (good !== undefined && good.sequence >= last.sequence) return good.value ?? undefined;
      return fromTheBeginning(subject, last.sequence, fold);
    },
  };
}
