import { limits } from "../../../api/limits.ts";
import { request, type Row } from "./requests.ts";
import { id, known, privatePaths, word } from "./words.ts";

/** Headers: too many, too large, not HTTP, or naming a user where none is looked for. */
export const hostileHeaders = (good: string): Record<string, Row> => ({
  "token: other schemes": (random) =>
    request(
      `GET ${random.pick([...privatePaths, known])}`,
      [
        `Authorization: ${random.pick(["Basic YTpi", "Digest x", "Token abc", "Bearer", "", "bearer", "JWT a.b.c", "Bearer a.b.c, Bearer d.e.f"])}`,
      ],
      "",
      [401],
    ),
  "token: two headers": (random) => {
    const both = [good, `Authorization: Bearer ${random.pick(["a.b.c", "x", ""])}`];
    return request(`GET ${random.pick(privatePaths)}`, random.chance(0.5) ? both : both.reverse(), "", [401]);
  },
  "token: in another place": (random) => {
    const token = good.slice("Authorization: Bearer ".length);
    const path = random.pick(privatePaths);
    return random.pick([
      request(`GET ${path}?access_token=${token.slice(0, 1_000)}`, [], "", [401]),
      request(`GET ${path}`, [`Cookie: token=${token}`], "", [401]),
      request(`GET ${path}`, [`X-Authorization: Bearer ${token}`], "", [401]),
      request(`GET ${path}`, [`Proxy-Authorization: Bearer ${token}`], "", [401]),
      request(`GET ${path}`, ["X-User: victim", "X-Forwarded-User: admin", "Remote-User: admin"], "", [401]),
    ]);
  },
  "private: good token, nothing there": (random) =>
    request(
      `${random.pick(["GET", "PUT", "DELETE", "POST"])} ${random.pick(["/api/me/other", "/api/checkout/x", "/api/me/cart.css", "/api/me/cart;x.js", "/api/me/cart%2fx.png", "/api/me/..%2fproducts"])}`,
      [good, "Content-Length: 0"],
      "",
      [404],
    ),
  "header: too many": (random) =>
    request(
      `GET ${known}`,
      Array.from({ length: random.between(limits.headersMax, 300) }, (_, at) => `X-${at}: 1`),
      "",
      [431],
    ),
  "header: too large": (random) =>
    request(
      `GET ${known}`,
      [`X-Padding: ${word(random, "ab", limits.headerBytesMax + random.between(0, 60_000))}`],
      "",
      [431],
    ),
  "header: versions that are none": (random) =>
    request(`GET ${known}`, [
      `Catalog-Min-Version: ${random.pick(["CATALOG", "CATALOG/", "CATALOG/-1", "CATALOG/1e9", "OTHER/1", "CATALOG/1,CATALOG/2", "CATALOG/9999999999999999", `CATALOG/${random.between(1e6, 1e9)}`, "*/1", "CATALOG.>/1", "\u00ff/1"])}`,
    ]),
  "header: versions twice": (random) =>
    request(`GET ${known}`, [
      "Catalog-Min-Version: CATALOG/1",
      `Catalog-Min-Version: CATALOG/${random.between(1, 2)}`,
    ]),
  "header: not HTTP": (random) =>
    request(`GET ${known}`, [
      random.pick([
        " X-Folded: 1",
        "X Y: 1",
        ": 1",
        "X\u0000: 1",
        "X: a\u0000b",
        "X: a\nY: b\u0001",
        "no colon",
        "X: 1\rY: 2",
      ]),
    ]),
  "header: expectations": (random) => request(`GET ${known}`, [`Expect: ${id(random)}`], "", [417]),
});
