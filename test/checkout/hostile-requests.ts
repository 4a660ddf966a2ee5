import fc from "fast-check";
import { hostileBodies } from "./hostile-bodies.ts";

/** A request for a quote or a reservation, as the bytes that a hostile client sends. */
export interface HostileRequest {
  readonly path: "quotes" | "reservations";
  /** Beside those that say where to and who asks; each line with its end, in Latin-1. */
  readonly headers: string;
  readonly body: Buffer;
  /** Else the body is not as long as the headers say, and nothing can follow on the connection. */
  readonly isWhole: boolean;
  /** What it may be answered with. */
  readonly statuses: readonly number[];
}

export interface Material {
  /** One that there is. */
  readonly product: string;
  /** Given to the client, for something that nobody can buy. */
  readonly quote: string;
  /** Well-formed, and not good: with what each is answered. */
  readonly bad: readonly BadQuote[];
}

export interface BadQuote {
  readonly name: string;
  readonly quote: string;
  readonly status: number;
}

/** Whatever is wrong with the request itself. 408: what was promised does not come. */
const unreadable = [400, 408, 413, 415, 431];
/** What a key was used for comes before what is wrong with this use of it. */
const refusedUnread = [...unreadable, 422];
const refusedRead = [...refusedUnread, 409, 410, 429];
const quoted = [...unreadable, 200, 404];

interface Body {
  readonly bytes: Buffer;
  readonly statuses: readonly number[];
}

export function hostileRequests(material: Material): fc.Arbitrary<HostileRequest> {
  const { product, quote, bad } = material;
  const values = hostileBodies(product, quote);
  const fine = `{"items":[{"product_id":${JSON.stringify(product)},"quantity":1}]}`;
  const asked = fc
    .oneof(values.quotes.map(json), mangled(fine), shapes(product))
    .map((bytes): Body => ({ bytes, statuses: quoted }));
  const reserved = fc
    .oneof(values.reservations.map(json), mangled(JSON.stringify({ quote })), shapes(product))
    .map((bytes): Body => ({ bytes, statuses: bytes.includes(quote) ? refusedRead : refusedUnread }));
  const knownBad = fc
    .constantFrom(...bad)
    .map((one): Body => ({ bytes: json({ quote: one.quote }), statuses: [one.status, 422, 429] }));
  return fc.oneof(
    requests("quotes", asked, fc.constant("")),
    requests("reservations", fc.oneof(reserved, reserved, knownBad), keyHeader),
  );
}

function requests(
  path: HostileRequest["path"],
  bodies: fc.Arbitrary<Body>,
  keys: fc.Arbitrary<string>,
): fc.Arbitrary<HostileRequest> {
  return fc
    .record({
      body: bodies,
      key: keys,
      type: typeHeader,
      frame: fc.oneof(wholeFrames, wholeFrames, brokenFrames),
    })
    .map(({ body: { bytes, statuses }, key, type, frame }) => {
      const { headers, body, isWhole } = frame(bytes);
      return {
        path,
        headers: `${type}${key}${headers}`,
        body,
        isWhole,
        statuses: [...statuses, ...unreadable],
      };
    });
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value) ?? "");

/** Bytes of a good body that are changed, cut out, or come between others; or it ends early. */
const mangled = (good: string): fc.Arbitrary<Buffer> =>
  fc
    .record({
      at: fc.nat(good.length - 1),
      cut: fc.oneof(fc.nat(4), fc.constant(good.length)),
      instead: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        // No UTF-8: a lone surrogate, a zero that is too long, a byte that never comes. A mark of the byte order.
        fc
          .constantFrom([0xed, 0xa0, 0x80], [0xc0, 0x80], [0xff], [0xef, 0xbb, 0xbf], [0])
          .map((bytes) => Uint8Array.from(bytes)),
      ),
    })
    .map(({ at, cut, instead }) => {
      const bytes = Buffer.from(good);
      return Buffer.concat([bytes.subarray(0, at), instead, bytes.subarray(at + cut)]);
    });

const numbers = [
  ..."1e400 -1e400 1e-400 -0 01 0x10 1.5 1_000 +1 NaN Infinity 9007199254740993 18446744073709551616".split(
    " ",
  ),
  "9".repeat(5_000),
  `0.${"3".repeat(5_000)}`,
];
const texts = ['"\\ud800"', '"\\u0000"', '"\\x41"', '"\\u12"', "'lamp'", '"\t"', `"${"a".repeat(40_000)}"`];
const bytesMax = 66_000;

/** Depth, width, numbers and texts that no JSON value of this language can have, and no JSON at all. */
const shapes = (product: string): fc.Arbitrary<Buffer> =>
  fc.oneof(
    fc
      .record({
        open: fc.constantFrom("[", '{"a":', '{"items":[', '{"quote":['),
        depth: fc.constantFrom(15, 16, 17, 100, 5_000, 60_000),
        isClosed: fc.boolean(),
      })
      .map(({ open, depth, isClosed }) => {
        const times = Math.min(depth, Math.floor(bytesMax / 2 / open.length));
        const closing = [...open].reverse().flatMap((sign) => ({ "[": "]", "{": "}" })[sign] ?? []);
        return Buffer.from(open.repeat(times) + (isClosed ? `1${closing.join("").repeat(times)}` : ""));
      }),
    fc
      .record({
        id: fc.constantFrom(JSON.stringify(product), ...texts),
        number: fc.constantFrom("1", ...numbers),
      })
      .map(({ id, number }) =>
        Buffer.from(`{"quote":${id},"items":[{"product_id":${id},"quantity":${number}}]}`),
      ),
    fc
      .constantFrom(49, 51, 400, 999, 1_001, 1_500)
      .map((count) =>
        json({ items: Array.from({ length: count }, (_, at) => ({ product_id: at, quantity: 1 })) }),
      )
      .map((bytes) => bytes.subarray(0, bytesMax)),
    fc
      .constantFrom(
        '{"items":[],"items":[]}',
        '{"__proto__":{"items":[]}}',
        '{"constructor":{"prototype":{}}}',
        '{"quote":{"toString":1}}',
        "[][]",
        "null",
        '"quote"',
        "x".repeat(bytesMax),
      )
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );

const asJson = "Content-Type: application/json\r\n";
const typeHeader = fc.oneof(
  { weight: 6, arbitrary: fc.constant(asJson) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      ...[
        "",
        ";",
        "text/plain",
        "application/xml",
        "application/jsonx",
        "multipart/form-data; boundary=x",
      ].map((type) => `Content-Type: ${type}\r\n`),
      "Content-Type: application/json; charset=utf-16\r\n",
      `${asJson}Content-Type: text/plain\r\n`,
      `${asJson}Content-Encoding: gzip\r\n`,
      `Content-Type: ${"a".repeat(500)}\r\n`,
    ),
  },
);

const keyHeader = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 2 ** 31 }).map((key) => `Idempotency-Key: k${key}\r\n`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "",
      ...["", "a b", "\xff\xfe", "k\0", "k\x7f", "k".repeat(256), "k".repeat(9_000)].map(
        (key) => `Idempotency-Key: ${key}\r\n`,
      ),
      "Idempotency-Key: one\r\nIdempotency-Key: two\r\n",
      "Idempotency-Key: one\r\n two\r\n",
    ),
  },
);

type Frame = (body: Buffer) => Pick<HostileRequest, "headers" | "body" | "isWhole">;

const wholeFrames = fc.constantFrom<Frame>(
  (body) => ({ headers: `Content-Length: ${body.length}\r\n`, body, isWhole: true }),
  (body) => ({ headers: chunked, body: inChunks(body), isWhole: true }),
  (body) => ({ headers: "Transfer-Encoding: gzip, chunked\r\n", body: inChunks(body), isWhole: true }),
);

/** Shorter or longer than said, or said in a way that nobody can follow. */
const brokenFrames = fc.constantFrom<Frame>(
  (body) => broken(`Content-Length: ${body.length + 7}\r\n`, body),
  (body) =>
    broken(`Content-Length: ${Math.max(1, Math.floor(body.length / 2))}\r\n`, Buffer.concat([body, space])),
  (body) => broken("Content-Length: 99999999999\r\n", body),
  (body) => broken("Content-Length: -1\r\n", body),
  (body) => broken(`Content-Length: ${body.length}\r\nContent-Length: 3\r\n`, body),
  (body) => broken(`Content-Length: ${body.length}\r\n${chunked}`, inChunks(body)),
  (body) => broken("", body),
  (body) => broken(chunked, body),
  (body) => broken(chunked, inChunks(body).subarray(0, -3)),
);

const chunked = "Transfer-Encoding: chunked\r\n";
const space = Buffer.from("  ");
const broken = (headers: string, body: Buffer) => ({ headers, body, isWhole: false });

/** Of seven bytes each, in a few; the rest in one. */
function inChunks(body: Buffer): Buffer {
  const parts = [body.subarray(0, 7), body.subarray(7, 14), body.subarray(14)].filter(
    ({ length }) => length > 0,
  );
  return Buffer.concat([
    ...parts.flatMap((part) => [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]),
    Buffer.from("0\r\n\r\n"),
  ]);
}
