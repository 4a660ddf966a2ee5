import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Redis } from "ioredis";
import { cacheControl, keysOf, loadParts } from "./cache-aside.ts";

/**
 * The same service tuned: no framework, one MGET, which goes out together with those of other requests, and an answer
 * that is the stored texts one behind the other. Arguments and output as of the textbook's.
 */
const [, , redisUrl = "", origin = ""] = process.argv;
const redis = new Redis(redisUrl, { enableAutoPipelining: true });
const path = "/api/products/";

async function answer(url: string, response: ServerResponse): Promise<void> {
  const id = url.startsWith(path) ? decodeURIComponent(url.slice(path.length)) : "";
  const parts = id === "" ? undefined : ((await cached(id)) ?? (await loadParts(redis, origin, id)));
  if (parts === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { product, price, inventory } = parts;
  const body = `${product.slice(0, -1)},"price":${price},"inventory":${inventory}}`;
  response
    .writeHead(200, {
      "content-type": "application/json; charset=utf-8",
      "cache-control": cacheControl,
      "content-length": Buffer.byteLength(body),
    })
    .end(body);
}

async function cached(id: string) {
  const [product, price, inventory] = await redis.mget(...keysOf(id));
  return product == null || price == null || inventory == null ? undefined : { product, price, inventory };
}

const server = createServer((request, response) => {
  answer(request.url ?? "", response).catch(() => response.writeHead(502).end());
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
