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

/** The attributes of one item, or why its text is no XML. Elements within attributes, as shipping has, are left out. */
export function parseXmlItem(
  item: Extract<XmlItem, { readonly namespaces: object }>,
): { readonly attributes: Attributes } | { readonly reason: string; readonly problem: string } {
  const google = new Map<Attribute, string[]>();
  const plain = new Map<Attribute, string[]>();
  const parser = new SaxesParser({
    xmlns: true,
    fragment: true,
    position: false,
    additionalNamespaces: item.namespaces,
  });
  let problem: string | undefined;
  let depth = 0;
  let text = "";
  const collect = (more: string) => {
    if (depth === fieldDepth) text += more;
  };
  parser.on("error", ({ message }) => {
    problem ??= message.replace(/^\d+:\d+: /, "");
  });
  parser.on("opentag", () => {
    depth++;
    if (depth === fieldDepth) text = "";
  });
  parser.on("text", collect);
  parser.on("cdata", collect);
  parser.on("closetag", ({ local, uri }) => {
    if (depth-- !== fieldDepth || text.trim() === "") return;
    const isGoogle = uri === googleNamespace;
    const name = isGoogle ? local : plainNames[local];
    if (name === undefined || !isAttribute(name)) return;
    const values = isGoogle ? google : plain;
    const earlier = values.get(name);
    if (earlier === undefined) values.set(name, [text.trim()]);
    else earlier.push(text.trim());
  });
  parser.write(item.raw).close();
  if (problem !== undefined) {
    // The parser reads on for the end of the entity and complains of what it finds there.
    const cause = bareAmpersand.test(item.raw.replace(literal, ""))
      ? "an & is not written as &amp;"
      : problem;
    return { reason: "malformed-row", problem: `the item is not XML: ${cause}` };
  }
  return { attributes: new Map([...plain, ...google]) };
}

const literal = /<!\[CDATA\[[\s\S]*?\]\]>/g;
const bareAmpersand = /&(?!#?\w+;)/;

/** The item, then its attributes. */
const fieldDepth = 2;
