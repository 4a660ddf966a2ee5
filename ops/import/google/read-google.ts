import { readFeed } from "../feed-file.ts";
import type { FeedEntry, FeedSource } from "../feed/entry.ts";
import { type FeedRow, isFeedRow, readFeedRows } from "../feed/feed-rows.ts";
import { type Attribute, attributeNames, type Attributes, googleLayout } from "./attributes.ts";
import { productOf } from "./item.ts";
import { readXmlItems } from "./xml-items.ts";
import { createXmlItemParser } from "./xml-item.ts";

/** A Merchant feed of Google: a table with tabs, or XML as RSS 2.0 or Atom. Its first character says which. */
export async function* readGoogle(source: FeedSource): AsyncGenerator<readonly FeedEntry[]> {
  yield* (await isXml(source.path)) ? readXml(source) : readTable(source);
}

async function* readTable(source: FeedSource): AsyncGenerator<readonly FeedEntry[]> {
  for await (const batch of readFeedRows(source, googleLayout)) {
    yield batch.map((row) => (isFeedRow(row) ? productOf(attributesOf(row), row, source.currency) : row));
  }
}

function attributesOf({ cell }: FeedRow<Attribute>): Attributes {
  const attributes = new Map<Attribute, readonly string[]>();
  for (const name of attributeNames) {
    const text = cell(name);
    if (text === "") continue;
    attributes.set(
      name,
      name === "additional_image_link" ? text.split(",").map((url) => url.trim()) : [text],
    );
  }
  return attributes;
}

async function* readXml({ path, file, currency }: FeedSource): AsyncGenerator<readonly FeedEntry[]> {
  const parse = createXmlItemParser();
  for await (const items of readXmlItems(readFeed(path), file)) {
    yield items.map((item): FeedEntry => {
      const { line, raw } = item;
      const parsed = "problem" in item ? item : parse(item);
      if (!("problem" in parsed)) return productOf(parsed.attributes, item, currency);
      return { line, row: raw, reason: parsed.reason, detail: parsed.problem, about: undefined };
    });
  }
}

async function isXml(path: string): Promise<boolean> {
  for await (const chunk of readFeed(path)) {
    const text = chunk
      .toString("utf8")
      .replace(/^\ufeff/, "")
      .trimStart();
    if (text !== "") return text.startsWith("<");
  }
  return false;
}
