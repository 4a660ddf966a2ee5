import { post, request, type Row } from "./requests.ts";
import { known } from "./words.ts";

/** What is no HTTP, or HTTP that two servers could read in two ways. */
export const hostileWire = (good: string): Record<string, Row> => ({
  "method: not here": (random) =>
    request(
      `${random.pick(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "QUERY", "MKCOL", "SEARCH"])} ${random.pick([known, `${known}/price`, "/api/products?ids=known", "/api/categories", "/healthz", "/readyz"])}`,
      ["Content-Length: 0"],
      "",
      [405],
    ),
  "method: overridden": (random) =>
    post(known, [`X-HTTP-Method-Override: ${random.pick(["GET", "DELETE"])}`], "{}", [405]),
  "method: none": (random) => request(`${random.pick(["FOO", "get", "G\u0000T", "BREW", "GETX"])} ${known}`),
  "method: tunnels": () => request("CONNECT shop.example:443", [], "", [405]),
  "wire: noise": (random) => ({
    bytes: Buffer.from(Array.from({ length: random.between(1, 400) }, () => random.between(0, 255))),
    right: [400],
    end: true,
  }),
  "wire: TLS, HTTP/2 and others": (random) => ({
    bytes: Buffer.from(
      random.pick([
        "\u0016\u0003\u0001\u0002\u0000\u0001",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "SSH-2.0-x\r\n",
        "*1\r\n$4\r\nPING\r\n",
        "CONNECT {}\r\nPING\r\n",
        "\r\n\r\n\u0000",
      ]),
      "latin1",
    ),
    right: [400],
    end: true,
  }),
  "wire: two lengths": (random) =>
    request(
      "POST /api/me/views",
      [
        good,
        ...random.pick([
          ["Content-Length: 5", "Transfer-Encoding: chunked"],
          ["Content-Length: 5", "Content-Length: 6"],
          ["Content-Length: -1"],
          ["Content-Length: 0x5"],
          ["Content-Length: 5 5"],
          ["Transfer-Encoding: chunked, identity"],
          ["Transfer-Encoding: xchunked"],
          ["Transfer-Encoding:\u000bchunked"],
        ]),
      ],
      "0\r\n\r\nGET /api/me/cart HTTP/1.1\r\n\r\n",
    ),
  "wire: bad chunks": (random) =>
    request(
      "POST /api/me/views",
      [good, "Content-Type: application/json", "Transfer-Encoding: chunked"],
      random.pick([
        "zz\r\nabc\r\n",
        "-1\r\n",
        "ffffffffffffffffff\r\n",
        "3\r\nabcX",
        "3;\u0000\r\nabc\r\n",
        "3\nabc\n0\n\n",
      ]),
    ),
  "wire: cut in the head": (random) => {
    const { bytes } = request(`GET ${known}`, [good]);
    return { bytes: bytes.subarray(0, random.between(1, bytes.length - 3)), right: [400], end: true };
  },
  "wire: no host": () => ({ bytes: Buffer.from(`GET ${known} HTTP/1.1\r\n\r\n`), right: [400] }),
});
