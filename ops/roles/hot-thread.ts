import { runInThread } from "./in-thread.ts";
import { startHot } from "./hot.ts";

/** The thread in which hot products are looked after: at the start of a sale of thousands they cost what they cost. */
await runInThread("hot", startHot);
