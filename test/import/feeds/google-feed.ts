/** One Merchant feed in its three forms: a table, RSS and Atom. Values of one attribute are split at `|`. */
export type Item = Readonly<Record<string, string>>;

export function tableOf(items: readonly Item[]): string {
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const cell = (text: string) => (/["\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rowOf = (item: Item) => names.map((name) => cell((item[name] ?? "").replaceAll("|", ","))).join("\t");
  return [names.join("\t"), ...items.map(rowOf)].join("\n");
}

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const elements = (item: Item, plain: readonly string[]): string =>
  Object.entries(item)
    .flatMap(([name, text]) => text.split("|").map((value) => [name, value] as const))
    .map(([name, value]) => {
      const element = plain.includes(name) ? name : `g:${name}`;
      return `    <${element}>${escaped(value)}</${element}>`;
    })
    .join("\n");

export function rssOf(items: readonly Item[]): string {
  const each = (item: Item) => `  <item>\n${elements(item, ["title", "description"])}\n  </item>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- <item> in a comment is none -->
<rss xmlns:g="http://base.google.com/ns/1.0" version="2.0">
<channel>
<title>Shop</title>
${items.map(each).join("\n")}
</channel>
</rss>
`;
}

export function atomOf(items: readonly Item[]): string {
  const each = (item: Item) =>
    `<entry>\n${elements(item, ["title"])}\n<link href="https://shop.example/"/>\n<id>tag:shop.example,2026:x</id>\n<g:shipping><g:price>1.00 USD</g:price><g:id>no</g:id></g:shipping></entry>`;
  return `<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">
<title>Shop</title>
${items.map(each).join("\n")}
</feed>`;
}
