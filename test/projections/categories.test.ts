import { describe, expect, test } from "vitest";
import {
  type CategoryTree,
  childrenByParent,
  cycleProblem,
  foldTree,
  lineage,
  listsShowing,
} from "../../projections/categories.ts";
import { id } from "../streams/id.ts";
import { happened } from "./happened.ts";

let sequence = 0;
const modified = (category: string, parent: string | null, more: object = {}) =>
  happened(++sequence, "category.modified", category, {
    name: category.toUpperCase(),
    parent_id: parent,
    ...more,
  });
const lineOf = (tree: CategoryTree, category: string) => lineage(tree, id(category)).map(String);

describe("the category tree", () => {
  test("given a parent and a child, then the child's line ends at the root", () => {
    const tree = foldTree([
      modified("home", null),
      modified("light", "home"),
      modified("desk-lamps", "light"),
    ]);
    expect(lineOf(tree, "desk-lamps")).toEqual(["desk-lamps", "light", "home"]);
    expect(lineOf(tree, "home")).toEqual(["home"]);
  });

  test("given a child whose parent does not exist yet, then it is a root until it does", () => {
    const child = modified("light", "home");
    expect(
      childrenByParent(foldTree([child]))
        .get(null)
        ?.map(({ id: category }) => category),
    ).toEqual(["light"]);
    const tree = foldTree([child, modified("home", null)]);
    expect(
      childrenByParent(tree)
        .get(null)
        ?.map(({ id: category }) => category),
    ).toEqual(["home"]);
    expect(
      childrenByParent(tree)
        .get(id("home"))
        ?.map(({ id: category }) => category),
    ).toEqual(["light"]);
  });

  test("a category that nobody described stands alone", () => {
    expect(lineOf(foldTree([]), "unknown")).toEqual(["unknown"]);
  });

  test("when a category moves, then everything below it moves along", () => {
    const tree = foldTree([
      modified("a", null),
      modified("b", null),
      modified("c", "a"),
      modified("d", "c"),
      modified("c", "b"),
    ]);
    expect(lineOf(tree, "d")).toEqual(["d", "c", "b"]);
  });

  test("the same event again, or an older one late, changes nothing", () => {
    const [older, newer] = [modified("a", "x"), modified("a", "y")];
    expect(foldTree([newer, older, newer])).toEqual(foldTree([older, newer]));
  });

  test.each([
    ["itself", ["a"], "a", "a"],
    ["its child", ["a", "b"], "a", "b"],
    ["what lies far below it", ["a", "b", "c", "d"], "a", "d"],
  ])("a category below %s is a cycle, and changes nothing", (_, chain, category, parent) => {
    const events = chain.map((name, at) => modified(name, chain[at - 1] ?? null));
    const tree = foldTree(events);
    const event = modified(category, parent);
    expect(cycleProblem(tree, event)).toBe(
      `parent_id: "${parent}" lies below "${category}"; a category cannot be its own ancestor`,
    );
    expect(foldTree([...events, event])).toEqual(tree);
  });

  test("a cycle through parents that were named before they existed is one as well", () => {
    const tree = foldTree([modified("a", "b"), modified("b", "c")]);
    expect(cycleProblem(tree, modified("c", "a"))).toContain("cannot be its own ancestor");
    expect(cycleProblem(tree, modified("c", "d"))).toBeUndefined();
  });

  test("a list shows what is in its category and in all below it, each list once", () => {
    const tree = foldTree([modified("home", null), modified("light", "home"), modified("wood", "home")]);
    expect(listsShowing(tree, ["light", "wood", "stray"].map(id))).toEqual([
      "home",
      "light",
      "stray",
      "wood",
    ]);
    expect(listsShowing(tree, [])).toEqual([]);
  });

  test("siblings are ordered by position, then by name, then by identifier", () => {
    const tree = foldTree([
      modified("late", null, { position: 2 }),
      modified("b", null, { name: "Same" }),
      modified("a", null, { name: "Same" }),
      modified("first", null, { position: -1.5 }),
      modified("c", null, { name: "Earlier" }),
    ]);
    const roots = childrenByParent(tree)
      .get(null)
      ?.map(({ id: category }) => category);
    expect(roots).toEqual(["first", "c", "a", "b", "late"]);
  });
});
