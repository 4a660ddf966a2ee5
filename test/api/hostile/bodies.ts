import { limits } from "../../../api/limits.ts";
import { post, request, type Row } from "./requests.ts";
import { known, privatePaths, word } from "./words.ts";

/** Bodies, most with a good token, so that they would be read. */
export const hostileBodies = (good: string): Record<string, Row> => ({
  "body: on GET": (random) =>
    random.chance(0.5)
      ? request(`${random.pick(["GET", "HEAD"])} ${known}`, ["Content-Length: 7"], '{"a":1}')
      : request(`GET ${known}`, ["Transfer-Encoding: chunked"], "3\r\nabc\r\n0\r\n\r\n"),
  "body: deep": (random) => {
    const depth = random.between(limits.jsonDepthMax + 1, 10_000);
    const [open, close] = random.pick([
      ["[", "]"],
      ['{"a":', "}"],
    ] as const);
    return post("/api/checkout/quotes", [good], `${open.repeat(depth)}1${close.repeat(depth)}`, [400, 413]);
  },
  "body: wide": (random) =>
    post(
      "/api/checkout/quotes",
      [good],
      JSON.stringify(Array.from({ length: random.between(limits.jsonValuesMax + 1, 9_000) }, () => 1)),
      [400],
    ),
  "body: not JSON": (random) =>
    post(
      "/api/checkout/quotes",
      [good],
      random.pick([
        "",
        "{",
        "]]]]",
        "{'a':1}",
        "undefined",
        "NaN",
        '"\\',
        '{"a":1}}',
        "\u0000",
        word(random, '[]{}",:1\\', 50),
      ]) + "!",
      [400],
    ),
  "body: prototypes": (random) =>
    post(
      "/api/me/views",
      [good],
      random.pick([
        '{"__proto__":{"admin":true}}',
        '{"a":{"__proto__":{}}}',
        '{"constructor":{"prototype":{"x":1}}}',
        '{"\\u005f_proto__":{}}',
      ]),
      [400],
    ),
  "body: not UTF-8": (random) =>
    post("/api/me/views", [good], Buffer.from([0x22, random.pick([0xff, 0xc0, 0x80]), 0x22]), [400]),
  "body: another type": (random) =>
    post(
      "/api/me/views",
      [
        good,
        `Content-Type: ${random.pick(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "application/jsonx", "a", "/", "application/json\u00ff"])}`,
      ],
      "a=1",
      [400, 415],
    ),
  "body: compressed": (random) =>
    post(
      "/api/me/views",
      [good, `Content-Encoding: ${random.pick(["gzip", "br", "deflate", "zstd", "gzip, gzip"])}`],
      "\u001f\u008b",
      [415],
    ),
  "body: too large": (random) =>
    post("/api/me/views", [good], `"${"x".repeat(limits.bodyBytesMax + random.between(0, 200_000))}"`, [413]),
  "body: too large in chunks": (random) => {
    const size = limits.bodyBytesMax + random.between(1, 1_000);
    const chunked = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n0\r\n\r\n`;
    return request(
      "POST /api/me/views",
      [good, "Content-Type: application/json", "Transfer-Encoding: chunked"],
      chunked,
      [413],
    );
  },
  "body: shorter than it says": (random) => ({
    ...request(
      "POST /api/me/views",
      [good, "Content-Type: application/json", `Content-Length: ${random.between(20, 60_000)}`],
      '{"a":1}',
      [0, 400],
    ),
    end: true,
  }),
  "body: without a token": (random) =>
    post(random.pick(privatePaths), [], `"${"x".repeat(random.between(0, 200_000))}"`, [401]),
});
