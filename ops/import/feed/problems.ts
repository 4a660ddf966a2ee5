import type { FeedRejection } from "./entry.ts";

/** What is wrong with one row: all of it, so that its sender mends it once. */
export interface Problems {
  /** `reason` is a stable code to count by, `detail` says it in words with what was found. */
  add(reason: string, detail: string): undefined;
  readonly any: boolean;
  readonly found: readonly { readonly reason: string; readonly detail: string }[];
  /** What was found, counted under the first. `about` is the product's id, where that much is right. */
  rejection(row: { readonly line: number; readonly raw: string }, about: string | undefined): FeedRejection;
}

/** `inherited` are those of what the row builds on. */
export function createProblems(inherited?: Problems): Problems {
  const found = [...(inherited?.found ?? [])];
  return {
    found,
    add(reason, detail) {
      found.push({ reason, detail });
      return undefined;
    },
    get any() {
      return found.length > 0;
    },
    rejection({ line, raw }, about) {
      const detail = found.map((each) => each.detail).join("; ");
      return { line, reason: found[0]?.reason ?? "", detail, row: raw, about };
    },
  };
}
