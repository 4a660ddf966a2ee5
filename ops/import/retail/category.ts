import type { Identifier } from "../../../streams/identifier.ts";
import { tokenOf } from "../../../streams/identifier.ts";
import type { Log } from "../../../streams/log.ts";
import { publicSubject, storedSubject } from "../../../streams/subjects.ts";

/** The category that lists every product of the shop. */
export const onlineRetailCategory = { id: "online-retail" as Identifier, name: "Online Retail" } as const;

const kind = "category.modified";

/** Publishes the category where the log has none; an operator's own name and place for it stay. */
export async function ensureCategory(catalog: Log): Promise<{ readonly published: number }> {
  const { id, name } = onlineRetailCategory;
  if ((await catalog.last(storedSubject(kind, tokenOf(id)), "leader")) !== undefined) return { published: 0 };
  const payload = Buffer.from(JSON.stringify({ name, parent_id: null }));
  const appended = await catalog.append(publicSubject(kind, id), payload, {
    id: `${id}.category`,
    expectedLastSubjectSequence: 0,
  });
  return { published: appended.outcome === "stored" && !appended.duplicate ? 1 : 0 };
}
