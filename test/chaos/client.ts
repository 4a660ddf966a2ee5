import { tokenOf, type Identifier } from "../../streams/identifier.ts";

/**
 * One client's memory, and what an answer must be beside it: whoever sends back the newest version that it saw
 * never gets an older answer, in no field.
 */
export interface Client {
  /** What it sends as `Catalog-Min-Version` for a product; undefined for a client that sends none. */
  minimumFor(id: Identifier): number | undefined;
  /** Holds an answer against its memory and remembers it. Returns what is wrong. */
  see(id: Identifier, min: number | undefined, answer: SeenAnswer): readonly string[];
}

export interface SeenAnswer {
  /** `Catalog-Version`; undefined where the answer has none. */
  readonly position: number | undefined;
  /** By field of the answer, such as `price`. */
  readonly versions: Readonly<Record<string, number>>;
}

/**
 * `none` sends no position; `product` the newest it saw of the product; `session` the newest it saw of any;
 * `writer` that of the product's last acknowledged event where it is newer, to read what it wrote.
 */
export type ClientKind = "none" | "product" | "session" | "writer";

export function createClient(kind: ClientKind, newest: (subject: string) => number): Client {
  const positions = new Map<Identifier, number>();
  const versions = new Map<string, number>();
  let highest = 0;

  const written = (id: Identifier, event: string) => newest(`catalog.${event}.${tokenOf(id)}`);

  return {
    minimumFor(id) {
      if (kind === "none") return undefined;
      if (kind === "session") return highest;
      const seen = positions.get(id) ?? 0;
      if (kind === "product") return seen;
      return Math.max(seen, written(id, "price.updated"), written(id, "inventory.changed"));
    },

    see(id, min, answer) {
      if (min === undefined) return [];
      const wrong: string[] = [];
      if (answer.position !== undefined && answer.position < min)
        wrong.push(`position ${answer.position}, and ${min} was asked for`);
      // A part may be newer than what the whole is known to include.
      const newest = Math.max(answer.position ?? 0, ...Object.values(answer.versions));
      positions.set(id, Math.max(positions.get(id) ?? 0, newest));
      highest = Math.max(highest, newest);
      for (const [field, version] of Object.entries(answer.versions)) {
        const key = `${field} ${id}`;
        const seen = versions.get(key) ?? 0;
        if (version < seen) wrong.push(`${field} ${version}, and had seen ${seen}`);
        versions.set(key, Math.max(seen, version));
      }
      return wrong;
    },
  };
}
