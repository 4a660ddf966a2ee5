import type { Identifier } from "../../streams/identifier.ts";
import type { Log, StoredMessage } from "../../streams/log.ts";
import type { Hold } from "../../streams/stock-commit.ts";
import type { Ended, Stock, StockFacts } from "./stock.ts";

/**
 * The state of a partition's stock as it was behind one commit, beside the log in DERIVED, so that the next keeper need not
 * read all that ever was: it is made from the log, and where it is missing or of another stream, the log is read from its
 * beginning.
 *
 * A snapshot has parts, since a message has a limit. They are written over those of the snapshot before the last one, and
 * then the head names them: whoever reads meanwhile finds the last one whole.
 */
export interface StockSnapshots {
  /** The newest one. Throws `LogUnavailable` where the log does not answer. */
  read(alive?: () => void): Promise<(StockFacts & { readonly read: ReadTo }) | undefined>;
  /**
   * One at a time. What is written is the state at the moment of the call, in which all of the partition's messages in
   * STOCK are up to `read`, also those that do not count.
   */
  write(stock: Stock, read: ReadTo): Promise<void>;
}

/** The last message that was read. In a log that was restored from an older copy it is not there, or is another one. */
export type ReadTo = Pick<StoredMessage, "sequence" | "time">;

interface Head {
  readonly v: typeof version;
  /** Of STOCK. */
  readonly epoch: number;
  readonly slot: Slot;
  readonly parts: number;
  readonly read: ReadTo;
  readonly sequence: number;
}

/** A stretch of one of the lists; what it belongs to is said by `read`. */
interface Part {
  readonly read: ReadTo;
  readonly products: readonly ProductEntry[];
  readonly open: readonly Hold[];
  readonly ended: readonly (readonly [reservation: string, ended: Ended])[];
}

type ProductEntry = readonly [product: Identifier, onHand: number, counted: number, at: number];
type Slot = "a" | "b";

const version = 1;
/** In one part: each has the longest name that there is, escaped, and a few numbers. */
const entriesMax = 1_500;
/** In one part: each has fifty items at most, each with two such names. */
const holdsMax = 30;
/** How often it is begun anew because a keeper wrote the next one meanwhile. */
const readsMax = 3;

export function createStockSnapshots(derived: Log, partition: number, epoch: number): StockSnapshots {
  const headSubject = `derived.${partition}.stock`;
  const partSubject = (slot: Slot, part: number) => `${headSubject}.${slot}${part}`;

  async function get<T>(subject: string): Promise<T | undefined> {
    const message = await derived.last(subject, "leader");
    return message && (JSON.parse(Buffer.from(message.payload).toString()) as T);
  }

  const put = (subject: string, value: Head | Part) =>
    derived.append(subject, Buffer.from(JSON.stringify(value)));

  async function head(): Promise<Head | undefined> {
    const found = await get<Head>(headSubject);
    return found?.v === version && found.epoch === epoch ? found : undefined;
  }

  /** Undefined where it was written over meanwhile. */
  async function partsOf(
    { slot, parts, read }: Head,
    alive: () => void,
  ): Promise<readonly Part[] | undefined> {
    const found: Part[] = [];
    for (let at = 0; at < parts; at++) {
      alive();
      const part = await get<Part>(partSubject(slot, at));
      if (part?.read?.sequence !== read.sequence || part.read.time !== read.time) return undefined;
      found.push(part);
    }
    return found;
  }

  return {
    async read(alive = () => {}) {
      for (let tries = 0; tries < readsMax; tries++) {
        const standing = await head();
        if (standing === undefined) return undefined;
        const parts = await partsOf(standing, alive);
        if (parts === undefined) continue;
        const { sequence, read } = standing;
        return {
          read,
          sequence,
          products: parts.flatMap(({ products }) =>
            products.map(([product, onHand, counted, at]) => ({ product, onHand, counted, at })),
          ),
          open: parts.flatMap(({ open }) => open),
          ended: parts.flatMap(({ ended }) => ended),
        };
      }
      return undefined;
    },

    async write(stock, { sequence: last, time }) {
      const { sequence } = stock;
      const read = { sequence: last, time };
      const parts = partsFrom(stock, read);
      const slot = (await head())?.slot === "a" ? "b" : "a";
      for (const [at, part] of parts.entries()) await put(partSubject(slot, at), part);
      await put(headSubject, { v: version, epoch, slot, parts: parts.length, read, sequence });
    },
  };
}

function partsFrom(stock: Stock, read: ReadTo): readonly Part[] {
  const none = { read, products: [], open: [], ended: [] };
  const products = [...stock.products].map(
    ([product, { onHand, counted, at }]): ProductEntry => [product, onHand, counted, at],
  );
  return [
    // Also of an empty state.
    none,
    ...stretches(products, entriesMax).map((part) => ({ ...none, products: part })),
    ...stretches([...stock.open.values()], holdsMax).map((part) => ({ ...none, open: part })),
    ...stretches([...stock.ended], entriesMax).map((part) => ({ ...none, ended: part })),
  ];
}

function stretches<T>(all: readonly T[], most: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, at) =>
    all.slice(at * most, (at + 1) * most),
  );
}
