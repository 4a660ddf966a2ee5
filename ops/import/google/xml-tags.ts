/** A tag of an item or of a feed's root. */
export interface Tag {
  readonly name: "item" | "entry" | "rss" | "feed" | "RDF";
  readonly closing: boolean;
  readonly at: number;
  /** Behind its `>`. */
  readonly after: number;
}

const interesting = /<!--|<!\[CDATA\[|<(\/?)(?:[A-Za-z_][\w.-]*:)?(item|entry|rss|feed|RDF)(?=[\s/>])/g;

/** Longer than any of the above with a prefix that somebody chose. */
const tagStartMax = 80;

/**
 * The first such tag at or after `from`, outside of comments and CDATA; where there is none, up to where the
 * text need not be searched again once more of it has come.
 */
export function nextTag(text: string, from: number): Tag | { readonly searchedTo: number } {
  interesting.lastIndex = from;
  for (let match = interesting.exec(text); match !== null; match = interesting.exec(text)) {
    const [start, slash, name] = match;
    const terminator = start === "<!--" ? "-->" : start === "<![CDATA[" ? "]]>" : ">";
    const end = text.indexOf(terminator, match.index + start.length);
    if (end === -1) return { searchedTo: match.index };
    if (name !== undefined) {
      const after = end + 1;
      return { name: name as Tag["name"], closing: slash === "/", at: match.index, after };
    }
    interesting.lastIndex = end + terminator.length;
  }
  return { searchedTo: Math.max(from, text.length - tagStartMax) };
}
