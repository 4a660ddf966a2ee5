import { SaxesParser } from "saxes";
import { type Attribute, type Attributes, isAttribute } from "./attributes.ts";
import { googleNamespace, type XmlItem } from "./xml-items.ts";

/** What RSS and Atom have under names of their own; Google's own elements go before them. */
const plainNames: Readonly<Record<string, Attribute>> = {
  id: "id",
  title: "title",
  description: "description",
  summary: "description",
  content: "description",
};

type Namespaced = Extract<XmlItem, { readonly namespaces: object }>;

export type XmlItemParser = (
  item: Namespaced,
) => { readonly attributes: Attributes } | { readonly reason: string; readonly problem: string };

/**
 * Gives the attributes of one item after the other, or why its text is no XML. Elements within attributes, as
 * shipping has, are left out. One parser serves until an item breaks it: making one costs as much as an item.
 */
export function createXmlItemParser(): XmlItemParser {
  let google = new Map<Attribute, string[]>();
  let plain = new Map<Attribute, string[]>();
  let problem: string | undefined;
  let depth = 0;
  let text = "";
  let parser: SaxesParser<{ xmlns: true }> | undefined;

  function collect(more: string): void {
    if (depth === fieldDepth) text += more;
  }

  function close({ local, uri }: { readonly local: string; readonly uri: string }): void {
    if (depth-- !== fieldDepth || text.trim() === "") return;
    const isGoogle = uri === googleNamespace;
    const name = isGoogle ? local : plainNames[local];
    if (name === undefined || !isAttribute(name)) return;
    const values = isGoogle ? google : plain;
    const earlier = values.get(name);
    if (earlier === undefined) values.set(name, [text.trim()]);
    else earlier.push(text.trim());
  }

  function makeParser(namespaces: Readonly<Record<string, string>>): SaxesParser<{ xmlns: true }> {
    const made = new SaxesParser({
      xmlns: true,
      fragment: true,
      position: false,
      additionalNamespaces: namespaces,
    });
    made.on("error", ({ message }) => {
      problem ??= message;
    });
    made.on("opentag", () => {
      if (++depth === fieldDepth) text = "";
    });
    made.on("text", collect);
    made.on("cdata", collect);
    made.on("closetag", close);
    return made;
  }

  return (item) => {
    google = new Map();
    plain = new Map();
    depth = 0;
    problem = undefined;
    parser ??= makeParser(item.namespaces);
    parser.write(item.raw);
    if (problem === undefined && depth === 0) return { attributes: new Map([...plain, ...google]) };
    // What is open is named when the text ends.
    parser.close();
    parser = undefined;
    // The parser reads on for the end of the entity and complains of what it finds there.
    const isAmpersand = bareAmpersand.test(item.raw.replace(literal, ""));
    const cause = isAmpersand ? "an & is not written as &amp;" : (problem ?? "an element is not closed");
    return { reason: "malformed-row", problem: `the item is not XML: ${cause}` };
  };
}

const literal = /<!\[CDATA\[[\s\S]*?\]\]>/g;
const bareAmpersand = /&(?!#?\w+;)/;

/** The item, then its attributes. */
const fieldDepth = 2;
