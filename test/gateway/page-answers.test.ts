import { beforeEach, expect, test } from "vitest";
import type { TreeReader } from "../../api/category-tree.ts";
import { createPageAnswers } from "../../api/gateway/page-answers.ts";
import { Problem } from "../../api/problems.ts";
import type { ReadOptions } from "../../api/read-options.ts";
import type { CatalogReader } from "../../api/reader.ts";
import { childrenByParent, foldTree } from "../../projections/categories.ts";
import { createMemoryReadModel } from "../../projections/memory/read-model.ts";
import { allPartitions } from "../../streams/partition.ts";
import { happened } from "../projections/happened.ts";
import { v } from "../projections/read-model-adapters.ts";
import { id } from "../streams/id.ts";

/** A list whose products no tier can read at the moment. */

const now = Date.parse("2026-11-27T00:00:00Z");
const shelf = id("shelf");
const tree = foldTree([happened(1, "category.modified", "shelf", { name: "Shelf", parent_id: null })]);
const current = {
  tree,
  children: childrenByParent(tree),
  position: 9,
  readAt: now,
  knownAt: now,
  degraded: false,
};
const trees: TreeReader = { read: async () => current, readAnew: async () => current, floor: () => 0 };
const readModel = {
  ...createMemoryReadModel(),
  readListing: async () => ({
    ids: [id("lamp"), id("vase")],
    total: 2,
    positions: allPartitions.map(() => ({ version: v(9), headAt: now })),
  }),
};
let failure: Error;
const reader: Pick<CatalogReader, "read"> = {
  read: async () => {
    throw failure;
  },
};
const pages = createPageAnswers({
  reader: reader as CatalogReader,
  tree: trees,
  readModel,
  versions: v,
  now: () => now,
});
const list = (wanted: Partial<ReadOptions> = {}) =>
  pages
    .listing({ category: shelf, sort: "newest", view: "assembled", page: 1, pageSize: 24 })
    .make({ freshnessMs: 5_000, ...wanted });

beforeEach(() => void (failure = new Problem("unavailable", "away")));

test("it is there without them, and says that it is degraded", async () => {
  const { prepared, degraded } = await list();
  expect(degraded).toBe(true);
  expect(JSON.parse(prepared.bytes.toString())).toMatchObject({ items: [], total: 2, degraded: true });
});

test("who names a position is told that it cannot be had", async () => {
  await expect(list({ minSequence: 9 })).rejects.toBe(failure);
});

test("a defect is not taken for a tier that is away", async () => {
  failure = new Error("a defect");
  await expect(list()).rejects.toBe(failure);
});
