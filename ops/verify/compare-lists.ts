import type { Identifier } from "../../streams/identifier.ts";
import type { ListingSort } from "../../projections/read-model.ts";
import { type Comparison, movedOn, oursAmong, partitionsOf } from "./comparison.ts";
import { compareSets } from "./compare-rows.ts";
import { groupsOf, inOrder, listsOf } from "./lists.ts";
import type { Product } from "./reference/product.ts";
import { compareJson, type Difference } from "./tally.ts";

/** The lists of every category, the members of every group, and the category tree. */

const sorts: readonly ListingSort[] = ["newest", "price_asc", "price_desc"];

/** As far as a reader may page. Behind it the order is not compared, only who is listed. */
const orderedMax = 10_000;

export async function compareLists(comparison: Comparison): Promise<void> {
  const { reference, tally, patience, readModel } = comparison;
  for (const [category, products] of listsOf(reference)) {
    for (const sort of sorts) {
      const differences = await patience.until(
        () => compareOrder(comparison, category, sort, products),
        (found) => found.length === 0,
      );
      tally.check("list", differences);
    }
    if (products.length <= orderedMax) continue;
    const shown: Identifier[] = [];
    for (const partition of partitionsOf(comparison)) {
      for await (const ids of readModel.readShown(partition, category)) shown.push(...ids);
    }
    tally.check(
      "list",
      await compareSets(
        comparison,
        "list",
        category,
        products.map(({ id }) => id),
        shown,
      ),
    );
  }
}

async function compareOrder(
  comparison: Comparison,
  category: Identifier,
  sort: ListingSort,
  products: readonly Product[],
): Promise<readonly Difference[]> {
  const { readModel, partition, now } = comparison;
  const id = `${category} by ${sort}`;
  const expected = inOrder(products, sort, now()).map((product) => product.id);
  const { ids, total } = await readModel.readListing(category, sort, 0, orderedMax);
  const found = oursAmong(comparison, ids);
  const whole = total <= orderedMax;
  const asFarAsFound = whole ? expected : expected.slice(0, found.length);
  const asItStands = compareJson("list", id, asFarAsFound, found);
  const differences = [
    ...asItStands,
    ...(partition === undefined ? compareJson("list", `${id} total`, expected.length, total) : []),
  ];
  if (differences.length === 0) return [];
  const moved = await movedOn(comparison, new Set([...asFarAsFound, ...found]));
  if (moved.size === 0) return differences;
  const stays = (each: Identifier) => !moved.has(each);
  const stayed = found.filter(stays);
  const due = (whole ? expected : expected.slice(0, ids.length)).filter(stays);
  return compareJson("list", id, whole ? due : due.slice(0, stayed.length), stayed.slice(0, due.length));
}

export async function compareGroups(comparison: Comparison): Promise<void> {
  const { reference, readModel, tally, patience } = comparison;
  for (const [group, members] of groupsOf(reference)) {
    const ids = members.map(({ id }) => id);
    const differences = await patience.until(
      async () => compareSets(comparison, "group", group, ids, (await readModel.readGroup(group)).ids),
      (found) => found.length === 0,
    );
    tally.check("group", differences);
  }
}

export async function compareTree({ reference, readModel, tally }: Comparison): Promise<void> {
  const newest = new Map((await readModel.readCategoryEvents()).events.map((event) => [event.id, event]));
  for (const id of new Set([...reference.categories.keys(), ...newest.keys()])) {
    const event = newest.get(id);
    if ((event?.sequence ?? 0) > reference.head) {
      tally.skip("category");
      continue;
    }
    const found = event && {
      id,
      name: event.data.name,
      parent_id: event.data.parent_id ?? null,
      position: event.data.position ?? 0,
      sequence: event.sequence,
    };
    tally.check("category", compareJson("category", id, reference.categories.get(id), found));
  }
}
