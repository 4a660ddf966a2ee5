import { z } from "zod";
import { type Identifier, identifierProblem } from "../../../streams/identifier.ts";
import type { JsonObject } from "./json-objects.ts";

/**
 * A category tree from its file: each category with its path from the root, and its sub-categories in their
 * order.
 *
 * A category's own entry decides its name and its parent. One that is only named, in a path or among the
 * sub-categories of another, is where it is first named: without it the tree would fall apart.
 */
export interface TreeCategory {
  readonly id: Identifier;
  readonly name: string;
  readonly parent_id: Identifier | null;
  /** Its place among its siblings; undefined where nothing says. */
  readonly position: number | undefined;
  /** The line of the entry that it is known from. */
  readonly line: number;
}

export interface CategoryProblem {
  readonly line: number;
  readonly row: string;
  readonly reason: string;
  readonly detail: string;
}

export interface TreeReading {
  take(object: JsonObject): void;
  /** Parents before their children, with what each level needs before the next: the roots are the first. */
  levels(): readonly (readonly TreeCategory[])[];
  readonly problems: readonly CategoryProblem[];
}

const identifier = z.string({ error: "must be a text" }).transform((text, context): Identifier => {
  const problem = identifierProblem(text);
  if (problem === undefined) return text as Identifier;
  context.issues.push({ code: "custom", message: `"${text.slice(0, 200)}" ${problem}`, input: text });
  return z.NEVER;
});

const named = z.object({
  id: identifier,
  name: z.string({ error: "must be a text" }).regex(/\S/, { error: "must not be empty" }),
});

const entry = named
  .extend({
    path: z.array(named, { error: "must be the list of categories from the root to this one" }),
    subCategories: z.array(z.unknown(), { error: "must be a list" }).nullish(),
  })
  .refine(({ id, path }) => path.at(-1)?.id === id, {
    path: ["path"],
    error: "must end with the category itself",
  });

interface Entry extends z.infer<typeof named> {
  readonly path: readonly z.infer<typeof named>[];
  readonly subCategories: readonly z.infer<typeof named>[];
  readonly line: number;
  readonly row: string;
}

export function createTreeReading(): TreeReading {
  const own = new Map<Identifier, Entry>();
  const problems: CategoryProblem[] = [];

  return {
    problems,
    take(object) {
      const { line, raw: row } = object;
      const reject = (reason: string, detail: string) => problems.push({ line, row, reason, detail });
      if (!("value" in object)) {
        reject(object.reason, object.problem);
        return;
      }
      const parsed = entry.safeParse(object.value);
      if (!parsed.success) {
        reject("bad-category", describe(parsed.error));
        return;
      }
      const { id, name, path } = parsed.data;
      const earlier = own.get(id);
      if (earlier !== undefined) {
        reject("duplicate-id", `"${id}" stands in line ${earlier.line} already`);
        return;
      }
      const subCategories: z.infer<typeof named>[] = [];
      for (const [at, sub] of (parsed.data.subCategories ?? []).entries()) {
        const below = named.safeParse(sub);
        if (below.success) subCategories.push(below.data);
        else reject("bad-sub-category", `left out of "${id}": subCategories.${at}.${describe(below.error)}`);
      }
      own.set(id, { id, name, path, subCategories, line, row });
    },
    levels() {
      const categories = placed(own.values());
      const depths = new Map<Identifier, number>();
      const levels: TreeCategory[][] = [];
      for (const category of categories.values()) {
        const depth = depthOf(category, categories, depths);
        if (depth !== undefined) {
          levels[depth] ??= [];
          levels[depth].push(category);
          continue;
        }
        const detail = `"${category.id}" is its own ancestor by the paths of this file`;
        problems.push({
          line: category.line,
          row: own.get(category.id)?.row ?? "",
          reason: "category-cycle",
          detail,
        });
      }
      return levels;
    },
  };
}

function describe({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

/** Every category that the entries name, where it belongs. */
function placed(entries: Iterable<Entry>): ReadonlyMap<Identifier, TreeCategory> {
  const categories = new Map<Identifier, TreeCategory>();
  const all = [...entries];
  const positions = new Map<string, number>();
  for (const { id, subCategories } of all) {
    for (const [position, sub] of (subCategories ?? []).entries())
      positions.set(`${id}\n${sub.id}`, position);
  }
  let roots = 0;
  const place = (id: Identifier, name: string, parent: Identifier | undefined, line: number) => {
    if (categories.has(id)) return;
    const position = parent === undefined ? roots++ : positions.get(`${parent}\n${id}`);
    categories.set(id, { id, name, parent_id: parent ?? null, position, line });
  };
  for (const { id, name, path, line } of all) place(id, name, path.at(-2)?.id, line);
  for (const { path, line } of all) {
    for (const [at, { id, name }] of path.entries()) place(id, name, path[at - 1]?.id, line);
  }
  for (const { id, subCategories, line } of all) {
    for (const sub of subCategories) place(sub.id, sub.name, id, line);
  }
  return categories;
}

/** How many stand above it; undefined where its ancestors never end. */
function depthOf(
  category: TreeCategory,
  categories: ReadonlyMap<Identifier, TreeCategory>,
  depths: Map<Identifier, number>,
): number | undefined {
  const line: Identifier[] = [];
  let at: TreeCategory | undefined = category;
  let depth = -1;
  for (; at !== undefined; at = at.parent_id === null ? undefined : categories.get(at.parent_id)) {
    const known = depths.get(at.id);
    if (known !== undefined) {
      depth = known;
      break;
    }
    if (line.length > categories.size) return undefined;
    line.push(at.id);
  }
  for (const id of line.reverse()) depths.set(id, ++depth);
  return depth;
}
