import { openCatalogue } from "../catalogue.ts";
import { startHot } from "./hot.ts";
import { runInThread } from "./in-thread.ts";
import { apiRedisTimeoutMs } from "./tiers.ts";

/** The thread in which hot products are looked after: at the start of a sale of thousands they cost what they cost. */
await runInThread(
  ({ config: { replicas }, servers }, logger) =>
    openCatalogue({ servers, role: "hot", replicas, logger, redisTimeoutMs: apiRedisTimeoutMs }),
  startHot,
);
