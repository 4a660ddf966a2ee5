import { fastify } from "fastify";
import { Redis } from "ioredis";
import { cacheControl, keysOf, loadParts } from "./cache-aside.ts";

/**
 * The textbook's product service: three GETs at once, parsed, put together and serialised for each request.
 * Arguments: the URL of Redis and of the service behind. Prints its port.
 */
const [, , redisUrl = "", origin = ""] = process.argv;
const redis = new Redis(redisUrl);
const server = fastify();

server.get<{ Params: { id: string } }>("/api/products/:id", async (request, reply) => {
  const { id } = request.params;
  const parts = (await cached(id)) ?? (await loadParts(redis, origin, id));
  if (parts === undefined) return reply.code(404).send({ error: "unknown product" });
  reply.header("cache-control", cacheControl);
  return {
    ...(JSON.parse(parts.product) as object),
    price: JSON.parse(parts.price) as unknown,
    inventory: JSON.parse(parts.inventory) as unknown,
  };
});

async function cached(id: string) {
  const [product, price, inventory] = await Promise.all(keysOf(id).map((key) => redis.get(key)));
  return product == null || price == null || inventory == null ? undefined : { product, price, inventory };
}

const url = await server.listen({ host: "127.0.0.1", port: 0 });
process.stdout.write(`${new URL(url).port}\n`);
