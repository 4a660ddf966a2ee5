import fc from "fast-check";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressIn, createHeadReader, type RequestHead } from "../../api/fast-path/request-head.ts";
import { head, openConnection } from "./connection.ts";

/** What is read of a head is what Node's parser reads of it, and what cannot be is left to that. */

const read = (bytes: string): RequestHead | undefined => createHeadReader()(Buffer.from(bytes, "latin1"));
const fields = (...headers: string[]) => read(head("GET /a", headers))?.fields;

test("a plain head tells its line, and nothing else", () => {
  expect(read(head("GET /api/products/a", ["Accept: */*", "Connection: Keep-Alive"]))).toEqual({
    line: "GET /api/products/a HTTP/1.1",
    fields: { arePlain: true, validator: undefined, headers: {} },
  });
});

test("the address is that of a GET alone", () => {
  expect(addressIn("GET /a?b=c HTTP/1.1")).toBe("/a?b=c");
  expect(addressIn("HEAD /a HTTP/1.1")).toBe("");
});

test("a validator and those whom it is forwarded for are told", () => {
  const told = fields(
    'If-None-Match:  "x" \t',
    "x-forwarded-for: 1.2.3.4",
    "X-Forwarded-For: 5.6.7.8, 9.9.9.9",
  );
  expect(told).toEqual({
    arePlain: true,
    validator: '"x"',
    headers: { "x-forwarded-for": "1.2.3.4, 5.6.7.8, 9.9.9.9" },
  });
});

test.each([
  "Authorization: Bearer x",
  "Catalog-Min-Version: CATALOG/1",
  "Content-Encoding: gzip",
  "Connection: close",
  "Connection: keep-alive, Upgrade",
  "Proxy-Connection: close",
  "Host: another",
])("with %s it is whole, and not plain", (header) => {
  expect(fields(header)).toMatchObject({ arePlain: false });
});

test("without a host, with two validators or too many headers it is not plain", () => {
  expect(read("GET /a HTTP/1.1\r\n\r\n")?.fields.arePlain).toBe(false);
  expect(fields('If-None-Match: "a"', 'If-None-Match: "b"')?.arePlain).toBe(false);
  expect(fields(...Array.from({ length: 63 }, (_, at) => `X-${at}: y`))?.arePlain).toBe(true);
  expect(fields(...Array.from({ length: 64 }, (_, at) => `X-${at}: y`))).toBeUndefined();
});

test.each([
  ["a body", head("GET /a", ["Content-Length: 0"])],
  ["chunks", head("GET /a", ["transfer-encoding: chunked"])],
  ["another protocol", head("GET /a", ["Upgrade: h2c"])],
  ["an expectation", head("GET /a", ["Expect: 100-continue"])],
  ["another method", head("POST /a")],
  ["HTTP/1.0", "GET /a HTTP/1.0\r\nHost: x\r\n\r\n"],
  ["no address", "GET  HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["a whole address", head("GET http://x/a")],
  ["a part of a head", head("GET /a").slice(0, -2)],
  ["more than a head", `${head("GET /a")}G`],
  ["two heads", head("GET /a") + head("GET /a")],
  ["a line that goes on", head("GET /a", ["X: y\r\n z"])],
  ["ends of lines of one byte", head("GET /a").replaceAll("\r\n", "\n")],
  ["a return within a line", head("GET /a", ["X: y\rz"])],
  ["a space before the colon", head("GET /a", ["X : y"])],
  ["a header without a name", head("GET /a", [": y"])],
  ["a header without a colon", head("GET /a", ["X"])],
  ["a byte beyond ASCII", head("GET /a", ["X: \u00e9"])],
  ["a control character", head("GET /a", ["X: \u0001"])],
  ["too much", head("GET /a", [`X: ${"y".repeat(8_192)}`])],
  ["nothing", ""],
])("with %s it is left to Node", (_, bytes) => {
  expect(read(bytes)).toBeUndefined();
});

/** Steps of a machine cannot be counted here; what takes a square of the length would take minutes. */
test.each([
  ["blanks", (length: number) => " ".repeat(length)],
  ["tabs before a value", (length: number) => `${"\t".repeat(length)}x`],
  ["blanks behind a value", (length: number) => `x${" ".repeat(length)}`],
  ["blanks between values", (length: number) => "x ".repeat(length / 2)],
])("a header of many %s is read to its end and no further", (_, valueOf) => {
  for (let each = 0; each < 2_000; each++) {
    expect(fields(`X:${valueOf(7_900)}`)?.arePlain).toBe(true);
    expect(fields(`X:${valueOf(7_900)}\u0001`)).toBeUndefined();
  }
});

test("each piece of a connection is read as if it were the first", () => {
  const reader = createHeadReader();
  const pieces = fc.constantFrom(
    head("GET /a"),
    head("GET /bb"),
    head("HEAD /a", ['If-None-Match: "a"']),
    head("GET /a", ['If-None-Match: "b"']),
    head("GET /a", ["Connection: close"]),
    head("GET /a", ["Content-Length: 0"]),
    head("GET /a").slice(0, -1),
    "",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (all) => {
      for (const piece of all) expect(reader(Buffer.from(piece))).toEqual(read(piece));
    }),
  );
});

let server: Server;
let seen: IncomingMessage[];
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const name = fc.constantFrom(
  ..."Host,Connection,Proxy-Connection,If-None-Match,X-Forwarded-For,Accept,Content-Length,Transfer-Encoding,Expect,X-a_b.c!,x y,".split(
    ",",
  ),
);
const value = fc.oneof(
  fc.constantFrom(
    "keep-alive",
    "close",
    "chunked",
    "0",
    "1.2.3.4",
    '"x"',
    "",
    " ",
    "\t a \t",
    "a\tb",
    "\u00e9",
    "a\r",
    "\n",
  ),
  fc.string({ maxLength: 12 }),
);
const separator = fc.constantFrom(": ", ":", ":  ", " : ", ":\t");
const lineEnd = fc.oneof(
  { weight: 60, arbitrary: fc.constant("\r\n") },
  fc.constantFrom("\n", "\r", "\r\n ", "\r\n\r\n"),
);
const field = fc.tuple(name, separator, value, lineEnd).map((parts) => parts.join(""));
const line = fc.oneof(
  { weight: 4, arbitrary: fc.constant("GET /a HTTP/1.1") },
  fc.constantFrom("HEAD /b?c HTTP/1.1", "GET /a  HTTP/1.1", "GET * HTTP/1.1"),
  fc.constantFrom("GET /\u007f HTTP/1.1", "GET /a HTTP/1.0"),
);
const someHead = fc
  .tuple(
    line,
    lineEnd,
    fc.constantFrom("Host: x\r\n", ""),
    fc.array(field, { maxLength: 4 }),
    fc.constantFrom("\r\n", "\n", ""),
  )
  .map(([first, end, host, rest, last]) => [first, end, host, ...rest, last].join(""));

test("what is read as a whole head is one request to Node, and the next one begins behind it", async () => {
  let wholes = 0;
  await fc.assert(
    fc.asyncProperty(someHead, async (bytes) => {
      const whole = read(bytes);
      if (whole === undefined) return;
      wholes++;
      seen = [];
      const connection = await openConnection((server.address() as AddressInfo).port);
      connection.write(bytes);
      const { fields: told } = whole;
      const { status, headers } = await connection.next(false);
      if (!told.arePlain && status === 400) return;
      expect([status, seen.length]).toEqual([200, 1]);
      const [{ method, url, httpVersion, headers: ofNode }] = seen as [IncomingMessage];
      expect(whole.line).toBe(`${method} ${url} HTTP/${httpVersion}`);
      expect(told.headers["x-forwarded-for"]).toBe(ofNode["x-forwarded-for"]);
      if (told.arePlain) {
        expect([told.validator, headers["connection"]]).toEqual([ofNode["if-none-match"], "keep-alive"]);
        connection.write(head("GET /next"));
        await connection.next();
        expect(seen.map((request) => request.url)).toEqual([url, "/next"]);
      }
      connection.socket.destroy();
    }),
    { numRuns: 3_000 },
  );
  expect(wholes).toBeGreaterThan(100);
});
