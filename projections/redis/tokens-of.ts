import { type Identifier, tokenOf } from "../../streams/identifier.ts";

/** The same few lists of categories come again and again, as the same arrays. */
const joined = new WeakMap<readonly Identifier[], string>();

export function tokensOf(ids: readonly Identifier[]): string {
  let tokens = joined.get(ids);
  if (tokens === undefined) {
    tokens = ids.map(tokenOf).join(",");
    joined.set(ids, tokens);
  }
  return tokens;
}
