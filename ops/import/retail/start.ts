import type { Identifier } from "../../../streams/identifier.ts";
import type { Log } from "../../../streams/log.ts";
import { ImportRefused } from "../import-refused.ts";
import { type Ledger, type LedgerPage, openLedger } from "../ledger.ts";
import { collectPublishedIds } from "../published-ids.ts";
import type { RetailSettings } from "./retail-feed.ts";
import { type Base, baseOfRows, readBase, rowsOfBase, type Standing } from "./standing.ts";

/** Where an import of one file begins: anew, behind a checkpoint, or at its end because it is done. */

export const format = "online-retail";

export interface ImportContext {
  readonly catalog: Log;
  readonly activity: Log;
  readonly ledger: Log;
  readonly dryRun: boolean;
  readonly settings: RetailSettings;
}

export interface Start {
  readonly state: "new" | "unfinished" | "complete";
  /** Those the file was begun with: a later run cannot choose others. */
  readonly settings: RetailSettings;
  /**
   * The rest of what the publishing pass needs. A new file takes its base from the catalogue and, unless in
   * a dry run, is entered in the ledger; `imagined` goes before what the catalogue holds.
   */
  enter(products: Iterable<Identifier>, imagined: ReadonlyMap<Identifier, Standing>): Promise<Entered>;
}

export interface Entered {
  readonly base: Base;
  /** Everything that lines up to this one make is published. */
  readonly linesDone: number;
  /** Ids of events of later lines that are published too. */
  readonly already: ReadonlySet<string>;
  /** The checkpoint: everything up to a line is published, up to these sequences. */
  save(linesDone: number, complete: boolean, sequences: ReadonlyMap<string, number>): Promise<void>;
}

/** Every message id of a file's events begins with this. */
export function idPrefix(hash: string): string {
  return `${format}.${hash.slice(0, 32)}.`;
}

export async function startImport(context: ImportContext, file: string, hash: string): Promise<Start> {
  const ledger = await openLedger(context.ledger, format, hash);
  const [catalog, activity] = await Promise.all([context.catalog.bounds(), context.activity.bounds()]);
  const { page } = ledger;
  // A page about streams that are no more says nothing about these.
  if (page === undefined || page.catalog.epoch !== catalog.epoch || page.activity.epoch !== activity.epoch) {
    return {
      state: "new",
      settings: context.settings,
      async enter(products, imagined) {
        const base = await readBase(context.catalog, products, context.settings.currency, imagined);
        const first = {
          file,
          lines_done: 0,
          complete: false,
          catalog: { epoch: catalog.epoch, sequence: catalog.last },
          activity: { epoch: activity.epoch, sequence: activity.last },
          settings: pageSettings(context.settings),
        };
        if (!context.dryRun) await ledger.begin(first, rowsOfBase(base));
        return { base, linesDone: 0, already: new Set(), save: saver(ledger, context) };
      },
    };
  }
  const settings = settingsOf(page);
  if (!page.complete && JSON.stringify(page.settings) !== JSON.stringify(pageSettings(context.settings))) {
    throw new ImportRefused(`${file} was begun with ${describe(settings)}: end it with the same`);
  }
  return {
    state: page.complete ? "complete" : "unfinished",
    settings,
    async enter() {
      const base = baseOfRows(await ledger.base());
      const save = saver(ledger, context);
      if (page.complete) return { base, linesDone: Number.POSITIVE_INFINITY, already: new Set(), save };
      // A run that is still under way finds its page changed and stops at its next checkpoint.
      if (!context.dryRun) await ledger.save({});
      const facts = await collectPublishedIds(context.catalog, page.catalog.sequence + 1, idPrefix(hash));
      const orders = await collectPublishedIds(context.activity, page.activity.sequence + 1, idPrefix(hash));
      return { base, linesDone: page.lines_done, already: new Set([...facts, ...orders]), save };
    },
  };
}

function saver(ledger: Ledger, { catalog, activity }: ImportContext): Entered["save"] {
  return async (linesDone, complete, sequences) => {
    const { page } = ledger;
    if (page === undefined) throw new Error("a checkpoint of an import that was never begun");
    const moved = (position: LedgerPage["catalog"], stream: string) => ({
      epoch: position.epoch,
      sequence: Math.max(position.sequence, sequences.get(stream) ?? 0),
    });
    await ledger.save({
      lines_done: linesDone,
      complete,
      catalog: moved(page.catalog, catalog.stream),
      activity: moved(page.activity, activity.stream),
    });
  };
}

function pageSettings({ currency, openingStock }: RetailSettings): LedgerPage["settings"] {
  return openingStock === undefined ? { currency } : { currency, opening_stock: openingStock };
}

function settingsOf({ settings }: LedgerPage): RetailSettings {
  const { currency, opening_stock: openingStock } = settings;
  return {
    currency: String(currency),
    openingStock: typeof openingStock === "number" ? openingStock : undefined,
  };
}

function describe({ currency, openingStock }: RetailSettings): string {
  return `currency ${currency} and ${openingStock === undefined ? "no fixed opening stock" : `opening stock ${openingStock}`}`;
}
