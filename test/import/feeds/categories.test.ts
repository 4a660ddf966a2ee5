import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { importCategories } from "../../../ops/import/categories/import-categories.ts";
import { readJsonObjects } from "../../../ops/import/categories/json-objects.ts";
import { type CategoryEvent, cycleProblem, foldTree, lineage } from "../../../projections/categories.ts";
import { decodeEvent } from "../../../streams/events.ts";
import type { Identifier } from "../../../streams/identifier.ts";
import type { Log } from "../../../streams/log.ts";
import { createMemoryLog } from "../../../streams/memory-log.ts";
import { feedFolder } from "./reading.ts";

const folder = feedFolder();

const newLog = () => createMemoryLog({ stream: "CATALOG", now: () => 1 });

const run = (catalog: Log, files: readonly string[], dryRun = false) =>
  importCategories({
    files,
    catalog,
    dryRun,
    reportPath: `${folder.path()}/report`,
    reportsDir: folder.path(),
    progress: { begin() {}, at() {}, end() {} },
  });

const report = () =>
  readFileSync(`${folder.path()}/report`, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { line: number; reason: string; detail: string });

async function eventsOf(catalog: Log): Promise<readonly CategoryEvent[]> {
  const { last } = await catalog.bounds();
  const { messages } = await catalog.tail({ from: 1 }).take(last, 10);
  return messages.map((message) => decodeEvent(message) as CategoryEvent);
}

let files = 0;
const tree = (entries: readonly object[], indent?: number) =>
  folder.file(`tree-${files++}.json`, JSON.stringify(entries, undefined, indent));

/** `entry("a b c")` is c below b below a. */
const entry = (path: string, ...subCategories: string[]) => {
  const named = (id: string) => ({ id, name: `The ${id}` });
  const ids = path.split(" ");
  const id = ids.at(-1) ?? "";
  return { ...named(id), path: ids.map(named), subCategories: subCategories.map(named) };
};

describe("a category tree", () => {
  test("is what the paths say, in the order of the sub-categories, with those that are only named", async () => {
    const catalog = newLog();
    const entries = [entry("a x c"), entry("a", "b", "c", "x"), entry("a b"), entry("r")];
    expect(await run(catalog, [await tree(entries)])).toMatchObject({
      entries: 5,
      categories: 5,
      published: 5,
      rejected: 0,
    });
    const folded = foldTree(await eventsOf(catalog));
    expect(
      [...folded.values()].map(({ id, name, parent_id, position }) => [id, name, parent_id, position]).sort(),
    ).toEqual([
      ["a", "The a", null, 0],
      ["b", "The b", "a", 0],
      ["c", "The c", "x", 0],
      ["r", "The r", null, 1],
      ["x", "The x", "a", 2],
    ]);
    expect(await run(catalog, [await tree(entries, 2)])).toMatchObject({ published: 0, unchanged: 5 });
  });

  test("may be turned upside down by a later file without a cycle on the way", async () => {
    const catalog = newLog();
    await run(catalog, [await tree([entry("a"), entry("a b"), entry("a b c"), entry("a b c d")])]);
    const turned = await tree([entry("d"), entry("d c"), entry("d c b"), entry("d c b a")]);
    expect(await run(catalog, [turned], true)).toMatchObject({ categories: 4, published: 0 });
    expect(await run(catalog, [turned])).toMatchObject({ published: 4 });
    const events = await eventsOf(catalog);
    for (const [at, event] of events.entries()) {
      expect(cycleProblem(foldTree(events.slice(0, at)), event), String(at)).toBeUndefined();
    }
    expect(lineage(foldTree(events), "a" as Identifier)).toEqual(["a", "b", "c", "d"]);
  });

  test("changes only what a changed file says otherwise", async () => {
    const catalog = newLog();
    await run(catalog, [await tree([entry("a", "b", "c"), entry("a b"), entry("a c")])]);
    const renamed = { ...entry("a c"), name: "Renamed" };
    expect(await run(catalog, [await tree([entry("a", "b", "c"), entry("a b"), renamed])])).toMatchObject({
      published: 1,
      unchanged: 2,
    });
  });

  test("is reported row by row where it is broken, and the rest goes in", async () => {
    const text = [
      "[",
      JSON.stringify(entry("a")),
      `,{"id":"b","name":null,"path":[{"id":"b","name":"B"}]}`,
      `,{"id":"c","name":"C"}`,
      `,{"id":"d","name":"D","path":[{"id":"x","name":"X"}]}`,
      `,{"id":"${"e".repeat(129)}","name":"E","path":[]}`,
      `,${JSON.stringify(entry("a"))}`,
      `,{"id":"f","name":"F,"path":[{"id":"f","name":"F"}]}`,
      `,{"id":"g","name":"G`,
      `,${JSON.stringify(entry("i j"))}`,
      `,${JSON.stringify(entry("j i"))}`,
      `,{"id":"k","name":"K","path":[{"id":"k","name":"K"}],"subCategories":[{"id":"l","name":"L"},{"id":"m"}]}`,
      `,{"id":"n","name":"N\u00e9","path":[{"id":"n","name":"N"}]}`,
      `,{"id":"o","name":"O","path":[{"id":"o","name":"O"}]`,
    ].join("\n");
    const bytes = Buffer.from(
      Buffer.from(text).toString("latin1").replace("\u00c3\u00a9", "\u00e9"),
      "latin1",
    );
    const catalog = newLog();
    const summary = await run(catalog, [await folder.file("broken.json", bytes)]);
    expect(report().map(({ line, reason }) => [line, reason])).toEqual([
      [3, "bad-category"],
      [4, "bad-category"],
      [5, "bad-category"],
      [6, "bad-category"],
      [7, "duplicate-id"],
      [8, "malformed-row"],
      [9, "malformed-row"],
      [12, "bad-sub-category"],
      [13, "bad-encoding"],
      [14, "file-cut-short"],
      [10, "category-cycle"],
      [11, "category-cycle"],
    ]);
    expect(report()[0]?.detail).toBe("name: must be a text");
    expect(summary).toMatchObject({ entries: 3, rejected: 12 });
    expect([...foldTree(await eventsOf(catalog)).keys()]).toEqual(["a", "k", "l"]);
  });

  test("is refused where there is no JSON", async () => {
    await expect(run(newLog(), [await folder.file("x", "id,name\n")])).rejects.toThrow(
      "is no categories file",
    );
    await expect(run(newLog(), [await folder.file("y", "")])).rejects.toThrow("is no categories file");
  });

  test("is cut into the same objects wherever its bytes are", async () => {
    const bytes = Buffer.from(
      JSON.stringify([entry("a b", 'quo"te', "back\\slash", "br}ace{"), entry("é")], undefined, 1),
    );
    const cut = async (sizes: readonly number[]) => {
      async function* chunks() {
        let at = 0;
        for (const size of sizes) yield bytes.subarray(at, (at += size));
        yield bytes.subarray(at);
      }
      const found = [];
      for await (const batch of readJsonObjects(chunks(), "tree.json")) found.push(...batch);
      return found;
    };
    const whole = await cut([]);
    expect(whole.map((object) => "value" in object)).toEqual([true, true]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }), async (sizes) => {
        expect(await cut(sizes)).toEqual(whole);
      }),
    );
  });
});

const sample = resolve(import.meta.dirname, "../../../../shared/data/bestbuy-categories.json.gz");
const present = existsSync(sample);
if (!present) console.warn(`skipped: ${sample} is not there (it is no part of the repository)`);

test.skipIf(!present)("the real tree has every category below the one that its path says", async () => {
  const catalog = newLog();
  const summary = await run(catalog, [sample]);
  const folded = foldTree(await eventsOf(catalog));
  const listed = JSON.parse(gunzipSync(readFileSync(sample)).toString("utf8")) as {
    id: Identifier;
    name: string | null;
    path: { id: string }[];
    subCategories: { id: string; name: string | null }[];
  }[];
  const named = listed.filter(({ name }) => name !== null);
  expect(summary.rejected).toBe(2);
  expect(named.length).toBe(listed.length - 1);
  for (const { id, name, path } of named) {
    expect(folded.get(id)?.name).toBe(name);
    expect(lineage(folded, id).toReversed(), id).toEqual(path.map((each) => each.id));
  }
  expect(folded.size).toBe(summary.entries);
  expect(await run(catalog, [sample])).toMatchObject({ published: 0, unchanged: summary.entries });
});
