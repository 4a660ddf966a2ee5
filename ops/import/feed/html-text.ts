import { decodeHTML } from "entities";

/**
 * The text of a description written in HTML: paragraphs and breaks are line ends, list items begin with a
 * hyphen, the rest of the markup is gone. Readers of the catalogue show text, so that no feed can put a script
 * on a page.
 */

const silent = /<(script|style)\b[^>]*>[\s\S]*?<\/\1\s*>|<!--[\s\S]*?-->/gi;
const lineEnd = /<br\b[^>]*>|<\/?(?:p|div|ul|ol|h[1-6]|table|tr|section|blockquote)\b[^>]*>/gi;
const listItem = /<li\b[^>]*>/gi;
const tag = /<\/?[a-z][^>]*>/gi;

export function textOfHtml(html: string): string {
  if (!/[<&]/.test(html)) return html.trim();
  const isMarkup = /<\/?[a-z!][^>]*>/i.test(html);
  // In HTML a line end is a space; in plain text with a stray ampersand it is meant.
  const source = isMarkup ? html.replace(/\s+/g, " ") : html;
  const text = decodeHTML(
    source.replace(silent, "").replace(lineEnd, "\n").replace(listItem, "\n- ").replace(tag, ""),
  );
  return text
    .replace(/[ \t\u00a0]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
