import type { Identifier, Token } from "../../streams/identifier.ts";
import { hashOf } from "../../streams/partition.ts";
import { type Counted, countedBy } from "./heat-counter.ts";

/** Who a read counts for: `user:<id>` or `address:<text>`, as words carry it. */
export interface Caller extends Counted {
  /** 32 bits by which a counter tells callers apart. */
  readonly hash: number;
}

export const userCaller = (user: Identifier): Caller => callerNamed(`user:${user}`);
export const addressCaller = (address: string): Caller => callerNamed(`address:${address}`);

/** A key is hashed as if it were a token. */
const callerNamed = (key: string): Caller => ({ ...countedBy(key), hash: hashOf(key as Token) });
