import { membersName, pricesName, treeName } from "../../projections/changes.ts";
import { type Category, lineage } from "../../projections/categories.ts";
import type { ListingSort, ReadModel } from "../../projections/read-model.ts";
import type { Versions } from "../../projections/version.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import { prepare } from "../answer.ts";
import { boundaryAmong } from "../boundary.ts";
import { categoryTag, ownTagHeaders, productTag, type TagHeaders, tagHeaders } from "../cache-tags.ts";
import { cachePolicies } from "../cache-policy.ts";
import { allAtHead, lowestSequence } from "../catalog-health.ts";
import type { TreeNow, TreeReader } from "../category-tree.ts";
import { isUnavailable, Problem } from "../problems.ts";
import type { ReadOptions } from "../read-options.ts";
import type { CatalogReader, Found } from "../reader.ts";
import { slowest } from "../sources.ts";
import { reviewsView, summaryDetailsView, summaryView, type View } from "../views.ts";
import type { Page } from "./gateway.ts";
import { isAhead, type MadeAnswer } from "./made-answer.ts";

/** Answers about many products or none, made from the tiers behind the gateway: lists, the tree, reviews. */
export interface PageAnswers {
  tree(): Page;
  category(id: Identifier): Page;
  listing(listing: Listing): Page;
  reviews(id: Identifier): Page;
}

export interface Listing {
  readonly category: Identifier;
  readonly sort: ListingSort;
  readonly view: View;
  /** From 1. */
  readonly page: number;
  readonly pageSize: number;
}

/** A list whose items would have to wait for the log is not whole in any case: one reader's product comes first. */
const listLogQueueMax = 8;

export function createPageAnswers(options: {
  readonly reader: CatalogReader;
  readonly tree: TreeReader;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly now: () => number;
}): PageAnswers {
  const { reader, tree, readModel, versions, now } = options;
  const everywhere = { partitions: allPartitions, positionOf: allPartitions };

  /** A category of the tree; while the tree is being made again, as the log has it. */
  async function known(id: Identifier, { tree: categories, degraded }: TreeNow): Promise<Category> {
    const category = categories.get(id) ?? (degraded ? await reader.category(id) : undefined);
    if (category !== undefined) return category;
    throw new Problem("unknown-category", `there is no category "${id}"`);
  }

  const nodeView = ({ id, name, parent_id, position, sequence }: Category) => ({
    id,
    name,
    parent_id,
    position,
    version: sequence,
  });

  function treeAnswer(
    body: object,
    tags: TagHeaders,
    current: TreeNow,
    { freshnessMs }: ReadOptions,
  ): MadeAnswer {
    const { position, knownAt = 0 } = current;
    const degraded = current.degraded || now() - knownAt > freshnessMs;
    return {
      prepared: prepare(degraded ? { ...body, degraded } : body, tags),
      source: "redis",
      sequence: degraded ? 0 : position,
      knownAt,
      validUntil: undefined,
      degraded,
      products: new Map(),
      subject: undefined,
      shows: cachePolicies.categories.shows,
      names: [treeName],
      ...everywhere,
    };
  }

  async function makeTree(wanted: ReadOptions): Promise<MadeAnswer> {
    const current = await tree.readAnew(wanted.minSequence);
    const branch = (parent: Identifier | null): object[] =>
      (current.children.get(parent) ?? []).map((category) => ({
        ...nodeView(category),
        children: branch(category.id),
      }));
    const roots = (current.children.get(null) ?? []).map(({ id }) => categoryTag(id));
    return treeAnswer({ categories: branch(null) }, tagHeaders(roots), current, wanted);
  }

  async function makeCategory(id: Identifier, wanted: ReadOptions): Promise<MadeAnswer> {
    const current = await tree.readAnew(wanted.minSequence);
    const category = await known(id, current);
    const path = lineage(current.tree, id)
      .map((each) => current.tree.get(each))
      .filter((each) => each !== undefined)
      .reverse();
    const children = current.children.get(id) ?? [];
    const body = {
      ...nodeView(category),
      path: path.map((each) => ({ id: each.id, name: each.name })),
      children: children.map(nodeView),
    };
    const shown = [category, ...path, ...children];
    return treeAnswer(body, tagHeaders(shown.map((each) => categoryTag(each.id))), current, wanted);
  }

  async function makeListing(listing: Listing, wanted: ReadOptions): Promise<MadeAnswer> {
    const { category, sort, view, page, pageSize } = listing;
    const { freshnessMs, minSequence = 0 } = wanted;
    const current = await tree.read(minSequence);
    await known(category, current);
    const gathered = await readModel
      .readListing(category, sort, (page - 1) * pageSize, pageSize)
      // No other tier has lists: without Redis the page is there, empty and marked as degraded.
      .catch(() => ({ ids: [], total: 0, positions: [undefined] }));
    // Nor are there others for its products: a list that was not seen before is the same then, but for who names a position.
    const results = await reader
      .read(gathered.ids, { ...wanted, logQueueMax: listLogQueueMax })
      .catch((error: unknown): readonly (Found | undefined)[] => {
        if (minSequence > 0 || !isUnavailable(error)) throw error;
        return [];
      });
    const found = results.filter((one): one is Found => one !== undefined);
    const states = found.map(({ state }) => state);
    const headAt = allAtHead(gathered.positions, versions);
    const isFresh = headAt !== undefined && now() - headAt <= freshnessMs;
    const isLacking = results.length < gathered.ids.length;
    const degraded =
      !isFresh || isLacking || current.degraded || found.some(({ source }) => source === "stale");
    const tags = tagHeaders([categoryTag(category), ...states.map((state) => productTag(state.id))]);
    const order = sort === "newest" ? [] : [pricesName(category)];
    const bodyAt = (moment: number) => ({
      items: states.map((state) =>
        view === "details" ? summaryDetailsView(state) : summaryView(state, moment),
      ),
      total: gathered.total,
      page,
      page_size: pageSize,
      sort,
      facets: [],
    });
    // Prices turn by the clock; the order by price follows when the lists are told of it.
    const answerAt = (moment: number): MadeAnswer => {
      const validUntil = view === "details" ? undefined : boundaryAmong(states, moment);
      const body = bodyAt(moment);
      return {
        prepared: prepare(degraded ? { ...body, degraded } : body, tags),
        source: slowest(found),
        sequence: isFresh ? lowestSequence(gathered.positions) : 0,
        knownAt: isFresh ? Math.min(headAt, ...found.map(({ knownAt }) => knownAt)) : 0,
        validUntil,
        later: isAhead(validUntil, moment) ? answerAt : undefined,
        degraded,
        products: new Map(found.map(({ state, sequence }) => [state.id, sequence])),
        subject: undefined,
        shows: (view === "details" ? cachePolicies.listingDetails : cachePolicies.listing).shows,
        names: [membersName(category), ...order],
        ...everywhere,
      };
    };
    return answerAt(now());
  }

  async function makeReviews(id: Identifier, wanted: ReadOptions): Promise<MadeAnswer> {
    const [found] = await reader.read([id], wanted);
    if (found === undefined) throw new Problem("unknown-product", `there is no product "${id}"`);
    const { reviews, degraded } = await reader.reviews(id, wanted);
    const { source, sequence, knownAt } = found;
    const { rating } = found.state;
    // The list is written behind the rating: it says so where it lacks what the rating counts.
    const isBehind = (rating?.sequence ?? 0) > (reviews?.sequence ?? 0);
    const isDegraded = degraded || isBehind || source === "stale";
    const body = reviewsView(rating, reviews);
    const own = [partitionOf(tokenOf(id))];
    return {
      prepared: prepare(isDegraded ? { ...body, degraded: true } : body, ownTagHeaders(id)),
      source,
      sequence,
      knownAt,
      validUntil: undefined,
      degraded: isDegraded,
      products: new Map([[id, sequence]]),
      subject: id,
      shows: cachePolicies.reviews.shows,
      names: [],
      partitions: own,
      positionOf: own,
    };
  }

  return {
    tree: () => ({ key: "tree", policy: cachePolicies.categories, floor: tree.floor, make: makeTree }),
    category: (id) => ({
      key: `category ${id}`,
      policy: cachePolicies.categories,
      floor: tree.floor,
      make: (wanted) => makeCategory(id, wanted),
    }),
    listing(listing) {
      const { category, sort, view, page, pageSize } = listing;
      return {
        key: `listing ${view} ${sort} ${page} ${pageSize} ${category}`,
        policy: view === "details" ? cachePolicies.listingDetails : cachePolicies.listing,
        floor: () => 0,
        make: (wanted) => makeListing(listing, wanted),
      };
    },
    reviews: (id) => ({
      key: `reviews ${id}`,
      policy: cachePolicies.reviews,
      floor: () => 0,
      make: (wanted) => makeReviews(id, wanted),
    }),
  };
}
