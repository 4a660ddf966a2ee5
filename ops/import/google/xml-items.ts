import { isUtf8 } from "node:buffer";
import { ImportRefused } from "../import-refused.ts";
import { nextTag } from "./xml-tags.ts";

/**
 * The items of an XML feed as pieces of text, each by itself: `<item>` in RSS, `<entry>` in Atom.
 *
 * One ampersand that nobody escaped makes a whole document unreadable for an XML parser. Cut apart first, it
 * costs its own item, and a document of any size costs the memory of one.
 */
export type XmlItem = {
  /** The physical line on which the item begins, from 1. */
  readonly line: number;
  readonly raw: string;
} & (
  | {
      /** What the elements around it declare: namespaces by prefix. */
      readonly namespaces: Readonly<Record<string, string>>;
    }
  | Problem
);

interface Problem {
  readonly reason: string;
  readonly problem: string;
}

export const googleNamespace = "http://base.google.com/ns/1.0";

const itemBytesMax = 512 * 1024;
const headBytesMax = 64 * 1024;
const shownMax = 2_048;

/** In batches, one for each chunk of bytes. Throws `ImportRefused` where the document is no feed. */
export async function* readXmlItems(
  bytes: AsyncIterable<Buffer>,
  file: string,
): AsyncGenerator<readonly XmlItem[]> {
  /** What is not done with, one character a byte: all characters of tags are ASCII. */
  let text = "";
  /** The line on which `text` begins. */
  let line = 1;
  /** Where in `text` the next tag is looked for. */
  let from = 0;
  /** `text` begins with an item that is not closed yet. */
  let open = false;
  let rootSeen = false;
  let rootClosed = false;
  let namespaces: Readonly<Record<string, string>> | undefined;

  function drop(count: number): void {
    for (let at = text.indexOf("\n"); at !== -1 && at < count; at = text.indexOf("\n", at + 1)) line++;
    text = text.slice(count);
    from = 0;
  }

  const rejected = (end: number, problem: Problem): XmlItem => ({
    line,
    raw: decode(text.slice(0, Math.min(end, shownMax))).raw,
    ...problem,
  });

  function take(): XmlItem[] {
    const items: XmlItem[] = [];
    for (;;) {
      const tag = nextTag(text, from);
      if (!("name" in tag)) {
        from = tag.searchedTo;
        break;
      }
      from = tag.after;
      if (tag.name !== "item" && tag.name !== "entry") {
        if (tag.closing) rootClosed = true;
        else rootSeen = true;
      } else if (!tag.closing) {
        if (!rootSeen) throw notAFeed(file);
        if (open) items.push(rejected(tag.at, neverClosed));
        namespaces ??= namespacesOf(text.slice(0, tag.at), file);
        drop(tag.at);
        from = tag.after - tag.at;
        open = true;
      } else if (open) {
        const { raw, isUnicode } = decode(text.slice(0, tag.after));
        items.push(isUnicode ? { line, raw, namespaces: namespaces ?? {} } : rejected(tag.after, notUtf8));
        drop(tag.after);
        open = false;
      }
    }
    if (open && text.length > itemBytesMax) {
      items.push(rejected(text.length, tooLarge));
      drop(from);
      open = false;
    } else if (!open && namespaces !== undefined) {
      drop(from);
    } else if (namespaces === undefined && text.length > headBytesMax) {
      throw notAFeed(file);
    }
    return items;
  }

  for await (const chunk of bytes) {
    text += chunk.toString("latin1");
    yield take();
  }
  if (!rootSeen) throw notAFeed(file);
  if (open) {
    yield [rejected(text.length, neverClosed)];
  } else if (!rootClosed) {
    drop(text.length);
    yield [rejected(0, cutShort)];
  }
}

const tooLarge = { reason: "row-too-large", problem: `the item is larger than ${itemBytesMax} bytes` };
const notUtf8 = { reason: "bad-encoding", problem: "the item is not UTF-8: save the file as UTF-8" };
const neverClosed = { reason: "malformed-row", problem: "the item is opened and never closed" };
const cutShort = {
  reason: "file-cut-short",
  problem: "the document ends before its root element is closed: fetch it again",
};

function notAFeed(file: string): ImportRefused {
  return new ImportRefused(`${file} is no google feed: XML must have items in <rss> or entries in <feed>`);
}

/** The prefix `g` means what it always means, also where nobody declared it. */
function namespacesOf(head: string, file: string): Readonly<Record<string, string>> {
  const encoding = /^[^<]*<\?xml[^>]*\bencoding\s*=\s*["']([^"']+)["']/.exec(head)?.[1] ?? "UTF-8";
  if (!/^(?:utf-?8|us-ascii)$/i.test(encoding)) {
    throw new ImportRefused(
      `${file} is in ${encoding}: convert it first, such as with iconv -f ${encoding} -t UTF-8, and change its first line`,
    );
  }
  const declared = head.matchAll(/\bxmlns(?::([\w.-]+))?\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g);
  return {
    g: googleNamespace,
    ...Object.fromEntries([...declared].map(([, prefix = "", uri, quoted]) => [prefix, uri ?? quoted ?? ""])),
  };
}

function decode(bytes: string): { readonly raw: string; readonly isUnicode: boolean } {
  const buffer = Buffer.from(bytes, "latin1");
  return { raw: buffer.toString("utf8"), isUnicode: isUtf8(buffer) };
}
