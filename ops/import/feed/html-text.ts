import { decodeHTML } from "entities";

/**
 * The text of a description written in HTML: paragraphs and breaks are line ends, list items begin with a
 * hyphen, the rest of the markup is gone. Readers of the catalogue show text, so that no feed can put a script
 * on a page.
 */

/** Elements of HTML; in a text without markup `<two>` is no tag. */
const names =
  "a|abbr|address|article|aside|b|big|blockquote|body|br|button|caption|center|cite|code|col|colgroup|dd|del|" +
  "details|div|dl|dt|em|figcaption|figure|font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|" +
  "kbd|label|li|link|main|mark|meta|nav|ol|p|picture|pre|q|s|samp|section|small|source|span|strike|strong|" +
  "sub|summary|sup|table|tbody|td|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr|[a-z]+[-:][a-z-]+";
const tag = new RegExp(`</?(?:${names})(?:\\s[^>]*)?/?>`, "gi");
const silent = /<(script|style|svg|noscript)\b[^>]*>[\s\S]*?<\/\1\s*>|<!--[\s\S]*?-->/gi;
const lineEnd =
  /<br\b[^>]*>|<\/?(?:p|div|dl|dd|dt|ul|ol|h[1-6]|hr|table|tr|section|article|blockquote|pre)(?:\s[^>]*)?\/?>/gi;
const listItem = /<li(?:\s[^>]*)?>/gi;

export function textOfHtml(html: string): string {
  if (!/[<&]/.test(html)) return html.trim();
  const unheard = html.replace(silent, "");
  // In HTML a line end is a space; in plain text it is meant.
  const source = unheard.search(tag) >= 0 ? unheard.replace(/\s+/g, " ") : unheard;
  return decodeHTML(source.replace(lineEnd, "\n").replace(listItem, "\n- ").replace(tag, ""))
    .replace(/[ \t\u00a0]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
