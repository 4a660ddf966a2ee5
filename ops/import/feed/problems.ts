import type { FeedRejection } from "./entry.ts";

/** What is wrong with one row: all of it, so that its sender mends it once. */
export interface Problems {
  /** `reason` is a stable code to count by, `detail` says it in words with what was found. */
  add(reason: string, detail: string): undefined;
  readonly any: boolean;
  /** What was found, counted under the first. `about` is the product's id, where that much is right. */
  rejection(row: { readonly line: number; readonly raw: string }, about: string | undefined): FeedRejection;
}

export function createProblems(): Problems {
  const reasons: string[] = [];
  const details: string[] = [];
  return {
    add(reason, detail) {
      reasons.push(reason);
      details.push(detail);
      return undefined;
    },
    get any() {
      return reasons.length > 0;
    },
    rejection({ line, raw }, about) {
      return { line, reason: reasons[0] ?? "", detail: details.join("; "), row: raw, about };
    },
  };
}
