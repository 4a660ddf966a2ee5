import { type BadEvent, type Event, isBad } from "../../streams/events.ts";
import type { Journal } from "../../streams/journal.ts";
import type { Log } from "../../streams/log.ts";
import { createDerivedBuffer } from "../derived-buffer.ts";
import { createLogReader } from "../log-reader.ts";
import type { BatchEntry, Fold, Projection, Refusal, Write } from "../projection.ts";
import type { ReadModel } from "../read-model.ts";
import type { SaleEvent } from "../sales.ts";
import { withinSession } from "../session-fence.ts";
import type { Versions } from "../version.ts";
import { createProductWriter } from "./products.ts";
import { createSaleWriter } from "./sales.ts";
import { createTreeWriter } from "./tree.ts";

/**
 * The catalogue's projection: a batch is cut into stretches of one kind, in the order of the log. Products
 * (details, price, stock, reviews, and what is bad about them) are folded many at a time; categories and
 * sales touch many products at once and go by themselves.
 */
export interface CatalogProjectionOptions {
  readonly catalog: Log;
  readonly derived: Log;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly journal: Journal;
}

export function createCatalogProjection(options: CatalogProjectionOptions): Projection {
  const buffer = createDerivedBuffer(options.derived, options.journal);
  const reader = createLogReader(options.catalog, options.derived);
  const readModel = withinSession(options.readModel);
  const tree = createTreeWriter({ ...options, readModel });
  const products = createProductWriter({ ...options, readModel, reader, buffer, listsOf: tree.listsOf });
  const sales = createSaleWriter({ ...options, readModel, reader, buffer });

  function foldOf(kind: Stretch["kind"]): Fold {
    if (kind === "products") return products.begin();
    const entries: BatchEntry[] = [];
    const write: Write =
      kind === "categories"
        ? (current) =>
            tree.apply(
              entries,
              [...current.values()].map(({ fence }) => fence),
            )
        : async (current) => {
            const refused: Refusal[] = [];
            for (const { message, decoded } of entries) {
              refused.push(...(await sales.apply(message, decoded as SaleEvent, current)));
            }
            return refused;
          };
    return {
      add: (more) => void entries.push(...more),
      size: Number.POSITIVE_INFINITY,
      write,
    };
  }

  return {
    async open(partitions, sequence) {
      await tree.load(sequence);
      const settled = partitions.map(async (each) => [each, await buffer.adopt(each)] as const);
      return new Map(await Promise.all(settled));
    },

    begin() {
      const folds: { readonly kind: Stretch["kind"]; readonly fold: Fold }[] = [];
      return {
        add(entries, standing) {
          for (const { kind, entries: some } of stretches(entries)) {
            let last = folds.at(-1);
            if (last?.kind !== kind) {
              last = { kind, fold: foldOf(kind) };
              folds.push(last);
            }
            last.fold.add(some, standing);
          }
        },
        get size() {
          return folds.reduce((sum, { fold }) => sum + fold.size, 0);
        },
        async write(current) {
          const refused: Refusal[] = [];
          for (const { fold } of folds) refused.push(...(await fold.write(current)));
          return refused;
        },
      };
    },

    settle: (partitions, sequence) => buffer.flush(partitions, sequence),
    tick: (standing, now) => products.reprice(standing, now),
    get unsettled() {
      return buffer.size;
    },
  };
}

interface Stretch {
  readonly kind: "products" | "categories" | "sales";
  readonly entries: BatchEntry[];
}

function stretches(entries: readonly BatchEntry[]): readonly Stretch[] {
  const cut: Stretch[] = [];
  for (const entry of entries) {
    const kind = kindOf(entry.decoded);
    const last = cut.at(-1);
    if (last?.kind === kind) last.entries.push(entry);
    else cut.push({ kind, entries: [entry] });
  }
  return cut;
}

function kindOf(decoded: Event | BadEvent): Stretch["kind"] {
  if (isBad(decoded)) return "products";
  if (decoded.kind === "category.modified") return "categories";
  return decoded.kind === "sale.scheduled" || decoded.kind === "sale.cancelled" ? "sales" : "products";
}
