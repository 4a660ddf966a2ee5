import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";

/** Words as one readable identifier: `slug("home", "Knives and tools")` is `home-knives-and-tools`. */
export function slug(...words: readonly string[]): Identifier {
  return identifierOfDemo(
    words
      .join(" ")
      .normalize("NFD")
      .replace(/['’\p{M}]/gu, "")
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, ""),
  );
}

/** A text that our own data promises to be an identifier. */
export function identifierOfDemo(text: string): Identifier {
  const identifier = parseIdentifier(text);
  if (identifier === undefined) throw new RangeError(`the demo catalogue's "${text}" is not an identifier`);
  return identifier;
}
