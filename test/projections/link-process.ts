import { connectRedis } from "../../projections/redis/connection.ts";
import { readLinkOf } from "../../projections/redis/read-link.ts";

/** A process that reads by the link, lets go of its client, and has nothing else to do. */

const [url = ""] = process.argv.slice(2);
const redis = await connectRedis({ url, commandTimeoutMs: 60_000 });
const link = readLinkOf(redis);
await link.tried;
const found = await link.send("*2\r\n$4\r\nMGET\r\n$3\r\nkey\r\n", 1);
redis.disconnect();
console.log(String(found?.[0]));
