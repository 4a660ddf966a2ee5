import type { Random } from "../../../ops/demo/random.ts";
import { limits } from "../../../api/limits.ts";
import { request, type Row } from "./requests.ts";
import { id, known, word } from "./words.ts";

/** Addresses: identifiers, queries, paths that climb or never end. */
export const hostileAddresses = (): Record<string, Row> => ({
  "id: control characters": (random) =>
    request(`GET /api/products/${id(random)}${control(random)}${id(random)}`),
  "id: too long": (random) => request(`GET /api/products/${word(random, "abc", random.between(129, 1_500))}`),
  "id: not UTF-8": (random) =>
    request(
      `GET /api/products/${id(random)}${random.pick(["%ff", "%c0%af", "%ed%a0%80", "%e2%28%a1", "%80"])}`,
    ),
  "id: bad escapes": (random) =>
    request(`GET /api/products/${id(random)}${random.pick(["%", "%z1", "%1", "%u0041"])}`),
  "id: not composed": (random) => request(`GET /api/products/${id(random)}e%CC%81`),
  "id: climbing": (random) =>
    request(
      `GET ${random.pick(["/api/products/%2e%2e", "/api/products/.", "/api/products/..", "/api/products/%2e%2e/price", "/api/categories/..%2f..", "/../../etc/passwd", "/api/../ops", "/images/..%2f..%2fetc/passwd", "/api/products/%252e%252e", "/api/products/..%2fknown", "//api/products/known", "/api//products/known", "/api/products/known/", "/API/products/known"])}`,
      [],
      "",
      [400, 404],
    ),
  "id: subjects, keys and prototypes": (random) =>
    request(
      `GET /api/products/${random.pick(["*", "%3E", "known.*", "%24JS.API.%3E", "__proto__", "constructor", "toString", "%7Bknown%7D", "product:%7Bknown%7D", "known%20", "KNOWN", "known%3f", "known%23", "=6B=6E=6F=77=6E", "known%0"])}${random.pick(["", "/price", "/inventory", "/reviews"])}`,
      [],
      "",
      [400, 404],
    ),
  "id: a random path": (random) =>
    request(
      `GET /api/products/${Array.from({ length: random.between(2, 60) }, () => percent(random)).join("")}`,
      [],
      "",
      [400, 404],
    ),
  "id: in lists": (random) =>
    request(
      `GET /api/products?ids=${random.pick([`known,${control(random)}`, Array.from({ length: 101 }, () => "known").join(","), "", "%ff", "known,,known", `${"a".repeat(129)}`, "known&ids=known"])}`,
    ),
  "id: too long a list": (random) =>
    request(
      `GET /api/products?ids=${word(random, "ab", limits.batchUrlBytesMax + random.between(0, 400))}`,
      [],
      "",
      [414],
    ),
  "url: too long": (random) =>
    request(
      `GET ${random.pick([known, "/api/categories", "/", "/api/me"])}?${word(random, "ab&=", limits.urlBytesMax + random.between(0, 9_000))}`,
      [],
      "",
      [414],
    ),
  "url: no such place": (random) =>
    request(
      `${random.pick(["GET", "POST", "DELETE"])} /${word(random, "abc/.~;=@", random.between(1, 200))}`,
      [],
      "",
      [404],
    ),
  "query: bad values": (random) =>
    request(
      `GET ${random.pick([`${known}?view=${id(random)}_`, `${known}?view=details&view=details`, `${known}/price?consistency=${id(random)}_`, "/api/categories/shelf/products?page_size=1e9", "/api/categories/shelf/products?page=-1", "/api/categories/shelf/products?page=99999999999", "/api/categories/shelf/products?sort[]=newest&sort=x", "/api/categories/shelf/products?page_size=101", "/api/categories/shelf/products?page=%00"])}`,
    ),
});

const percent = (random: Random) => `%${word(random, "0123456789ABCDEFabcdef", 2)}`;
const control = (random: Random) =>
  random.pick(["%00", "%0a", "%0d%0aSet-Cookie:%20a=b", "%7f", "%C2%85", "%1b", "%09"]);
