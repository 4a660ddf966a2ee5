import type { ReadModel } from "../../projections/read-model.ts";
import type { CatalogueFold } from "../../projections/rebuild/catalogue-fold.ts";
import type { FoldedProduct } from "../../projections/rebuild/folded-product.ts";
import { revisionOf, type Version, waiting, withRevision } from "../../projections/version.ts";
import type { Log } from "../../streams/log.ts";
import { dueAmong, movePositions, positionsOf } from "./positions.ts";
import { type WriteOptions, writeProducts, writeSales } from "./write.ts";

/**
 * Writes a folded slice and raises its partitions to this revision.
 *
 * A projector changes ratings, sales and lists upon what stands. One that read before we wrote may put a value
 * back that stands on the old one. So, after writing, each position is moved to where it is at another waiting
 * revision: whatever was under way is refused from then on by its fence, and reads again. What it may have put
 * back until then belongs to an event that the log has by now; that is folded, and what those events are about is
 * written once more. Only an event upon one of these, read in between, can put an old value back again; when a
 * second such move shows that there was none, all stands on what was written here.
 */
export interface RaiseOptions {
  readonly slice: readonly number[];
  readonly write: WriteOptions;
  readonly readModel: ReadModel;
  readonly catalog: Log;
  readonly foldTo: (sequence: number) => Promise<void>;
}

export async function writeAndRaise(options: RaiseOptions): Promise<void> {
  const { slice, write, readModel, catalog, foldTo } = options;
  const { fold, versions, replacing } = write;
  const stillDue = async () => dueAmong(await positionsOf(readModel, versions, slice), versions);
  const writeTree = () => replacing.categories(versions(fold.sequence), fold.categoryEvents);
  const move = (revisionFrom: (version: Version) => number) =>
    movePositions(readModel, versions, slice, (version) =>
      revisionOf(version) < revisionOf(versions(0))
        ? withRevision(version, revisionFrom(version))
        : undefined,
    );

  let due = await stillDue();
  await foldTo(Math.max(0, ...due.values()));
  /** Nothing behind this place in the log was made upon what stood before the last writes. */
  let since = Math.min(...due.values());
  let products: readonly FoldedProduct[] = [...fold.products.values()];
  let sales = true;
  let treeChanged = await writeTree();
  while (due.size > 0 && (sales || products.length > 0)) {
    for (const [partition, group] of Map.groupBy(products, (product) => product.partition)) {
      if (due.has(partition)) await writeProducts(write, partition, group);
    }
    if (sales) for (const partition of due.keys()) await writeSales(write, partition);
    await move((version) => (revisionOf(version) === waiting[0] ? waiting[1] : waiting[0]));
    due = await stillDue();
    const { last } = await catalog.bounds();
    await foldTo(last);
    if (fold.treeSequence > since) treeChanged = (await writeTree()) || treeChanged;
    products = suspectsAmong(products, since, fold, treeChanged);
    sales = fold.salesSequence > since;
    since = last;
  }
  await move(() => revisionOf(versions(0)));
}

/**
 * Those that a projector may have put back as they were, for an event behind `since`. Where the tree itself was
 * written anew, it listed products by the old one until it read again.
 */
function suspectsAmong(
  products: readonly FoldedProduct[],
  since: number,
  { treeSequence }: CatalogueFold,
  treeChanged: boolean,
): readonly FoldedProduct[] {
  return products.filter(({ builtUpon, details }) => {
    const listed = treeChanged && details !== undefined ? details.sequence : 0;
    return Math.max(builtUpon, treeSequence, listed) > since;
  });
}
