import type { Identifier } from "../../streams/identifier.ts";
import { beauty } from "./departments/beauty.ts";
import { booksAndToys } from "./departments/books-toys.ts";
import { clothing } from "./departments/clothing.ts";
import type { Department, Group } from "./departments/department.ts";
import { electronics } from "./departments/electronics.ts";
import { garden } from "./departments/garden.ts";
import { home } from "./departments/home.ts";
import { kitchen } from "./departments/kitchen.ts";
import { sport } from "./departments/sport.ts";
import { type DatedEvent, dated } from "./event.ts";
import { slug } from "./slug.ts";

/** The demo shop's category tree: departments, in them groups, in them shelves, and products on shelves alone. */
const departments: readonly Department[] = [
  home,
  kitchen,
  garden,
  clothing,
  electronics,
  beauty,
  booksAndToys,
  sport,
];

export interface ShelfCategory {
  readonly id: Identifier;
  readonly department: Department;
  readonly group: Group;
  /** What one thing on this shelf is called. */
  readonly noun: string;
  readonly fromPounds: number;
  readonly toPounds: number;
}

export const shelfCategories: readonly ShelfCategory[] = departments.flatMap((department) =>
  department.groups.flatMap((group) =>
    group.shelves.map(([name, noun, fromPounds, toPounds]) => ({
      id: slug(department.slug, group.name, name),
      department,
      group,
      noun,
      fromPounds,
      toPounds,
    })),
  ),
);

/** One event a category, a second apart from `start` on, parents before their children. */
export function categoryEvents(start: number): DatedEvent[] {
  const events: DatedEvent[] = [];
  const add = (id: Identifier, name: string, parent: Identifier | null, position: number) =>
    events.push(
      dated(start + events.length * 1_000, "category.modified", id, { name, parent_id: parent, position }),
    );

  for (const [departmentAt, department] of departments.entries()) {
    const departmentId = slug(department.slug);
    add(departmentId, department.name, null, departmentAt);
    for (const [groupAt, group] of department.groups.entries()) {
      const groupId = slug(department.slug, group.name);
      add(groupId, group.name, departmentId, groupAt);
      for (const [shelfAt, [name]] of group.shelves.entries()) {
        add(slug(department.slug, group.name, name), name, groupId, shelfAt);
      }
    }
  }
  return events;
}
