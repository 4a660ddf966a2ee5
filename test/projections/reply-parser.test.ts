import fc from "fast-check";
import { expect, test } from "vitest";
import { createReplyParser, type Reply } from "../../projections/redis/reply-parser.ts";

/** What a parser that looks for its marks in the middle of a text would trip over. */
const marks = fc
  .array(fc.constantFrom("\r\n", "\r", "\n", "$3\r\n", "$-1\r\n", "*1\r\n", "+OK\r\n", "-ERR\r\n", "é"), {
    maxLength: 6,
  })
  .map((pieces) => new Uint8Array(Buffer.from(pieces.join(""))));
const bytesOfText = fc.oneof(fc.uint8Array({ maxLength: 40 }), marks);
const texts = fc.array(fc.option(bytesOfText), { maxLength: 6 });
const words = fc.stringMatching(/^[A-Za-z ]{1,20}$/);
const replies = fc.array(
  fc.oneof(
    texts.map((items) => ({ kind: "texts" as const, items })),
    words.map((text) => ({ kind: "status" as const, text })),
    words.map((text) => ({ kind: "error" as const, text })),
  ),
  { maxLength: 8 },
);
type Sent = typeof replies extends fc.Arbitrary<(infer One)[]> ? One : never;

function encode(reply: Sent): Buffer {
  if (reply.kind === "status") return Buffer.from(`+${reply.text}\r\n`);
  if (reply.kind === "error") return Buffer.from(`-${reply.text}\r\n`);
  const parts = reply.items.map((item) =>
    item === null
      ? Buffer.from("$-1\r\n")
      : Buffer.concat([Buffer.from(`$${item.length}\r\n`), item, Buffer.from("\r\n")]),
  );
  return Buffer.concat([Buffer.from(`*${parts.length}\r\n`), ...parts]);
}

const plain = (reply: Reply) =>
  reply instanceof Error ? `error ${reply.message}` : reply.map((item) => item?.toString("latin1") ?? null);

function plainOf(reply: Sent) {
  if (reply.kind === "error") return `error ${reply.text}`;
  if (reply.kind === "status") return [reply.text];
  return reply.items.map((item) => (item === null ? null : Buffer.from(item).toString("latin1")));
}

test("replies come out as they were sent, in whatever pieces they arrive", () => {
  fc.assert(
    fc.property(replies, fc.array(fc.integer({ min: 1, max: 30 })), (sent, cuts) => {
      const heard: unknown[] = [];
      const parse = createReplyParser((reply) => heard.push(plain(reply)));
      const bytes = Buffer.concat(sent.map(encode));
      let at = 0;
      for (let turn = 0; at < bytes.length; turn++) {
        const length = cuts.length === 0 ? bytes.length : (cuts[turn % cuts.length] as number);
        parse(bytes.subarray(at, at + length));
        at += length;
      }
      expect(heard).toEqual(sent.map(plainOf));
    }),
  );
});

test("replies that arrive one byte at a time come out as they were sent, each with its last byte", () => {
  fc.assert(
    fc.property(replies, (sent) => {
      const heard: unknown[] = [];
      const parse = createReplyParser((reply) => heard.push(plain(reply)));
      for (const [at, reply] of sent.entries()) {
        for (const byte of encode(reply)) {
          expect(heard.length).toBe(at);
          parse(Buffer.of(byte));
        }
        expect(heard.length).toBe(at + 1);
      }
      expect(heard).toEqual(sent.map(plainOf));
    }),
  );
});

const lengths = ["*abc\r\n", "*\r\n", "*-2\r\n", "*1\r\n$x\r\n", "*1\r\n$99999999999\r\n"];
const ends = ["+OK\rX", "*1\r\n$3\r\nabcXY"];
const kinds = ["HTTP/1.1 400\r\n", ":12\r\n", "*1\r\n:12\r\n", "$3\r\nabc\r\n"];
test.each([...kinds, ...lengths, ...ends])("%j is no reply", (text) => {
  const parse = createReplyParser(() => {});
  expect(() => parse(Buffer.from(text))).toThrow(/^not /);
});
