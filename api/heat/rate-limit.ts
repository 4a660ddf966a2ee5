import type { RequestListener, Server } from "node:http";
import type { FastifyInstance } from "fastify";
import { callersWordMs, decodeCallersWord } from "../../actors/hot/callers-word.ts";
import type { Broadcast } from "../../streams/broadcast.ts";
import type { Readiness } from "../drain.ts";
import { Problem } from "../problems.ts";
import { createRefusal, isAlwaysTold } from "../refusal.ts";
import { type Caller, userCaller } from "./caller.ts";
import type { ReadHeat } from "./heat.ts";
import type { AddressOf } from "./reader-address.ts";

/**
 * Who asks too much in the cluster as a whole is refused, before any work. The rates are those of all workers together,
 * as the hot set's owner tells them; where it is silent nobody is refused. What is refused counts as asked, so who
 * does not slow down stays out, and who does is let in again within a second or two.
 *
 * A node learns of a rate about a third of a second after it rose. So this is not for the single burst, which the
 * admission bears, but for callers who keep on.
 */
export interface RateLimit {
  /** Whether anybody at all is refused at the moment: false costs no look at who asks. */
  refusesAny(): boolean;
  refuses(caller: Caller): boolean;
  close(): void;
}

export function createRateLimit(options: {
  readonly words: Broadcast;
  /** Above which a caller is refused. */
  readonly perSecondMax: number;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
}): RateLimit {
  const { words, perSecondMax, clock } = options;
  let refused: ReadonlySet<string> = new Set();
  let heardAt = Number.NEGATIVE_INFINITY;
  const listening = words.listen({
    hear(bytes) {
      const word = decodeCallersWord(bytes);
      if (word === undefined) return;
      const tooKeen = word.callers.filter(({ perSecond }) => perSecond > perSecondMax);
      refused = new Set(tooKeen.map(({ key }) => key));
      heardAt = clock();
    },
    // A word that is missed is made up for by the next one, and silence ends by itself.
    missed: () => {},
  });
  const refusesAny = () => refused.size > 0 && clock() - heardAt < callersWordMs;
  return {
    refusesAny,
    refuses: ({ key }) => refusesAny() && refused.has(key),
    close: () => listening.close(),
  };
}

const detail = "ask again in a second, and more slowly";

/**
 * Refuses addresses, before all that listens so far. Who brings a token is let past, since it may stand for a user; if
 * it does not, the answer is 401.
 */
export function limitAddresses(
  server: Server,
  options: {
    readonly rateLimit: RateLimit;
    readonly heat: ReadHeat;
    readonly addressOf: AddressOf;
    readonly readiness: Readiness;
  },
): void {
  const { rateLimit, heat, addressOf, readiness } = options;
  const tooMany = createRefusal("too-many-requests", detail, readiness);
  const others = server.listeners("request") as RequestListener[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    if (rateLimit.refusesAny() && !isAlwaysTold(request) && request.headers.authorization === undefined) {
      const caller = addressOf(request);
      if (rateLimit.refuses(caller)) {
        heat.asked(caller);
        tooMany.give(request, response);
        return;
      }
    }
    for (const other of others) other.call(server, request, response);
  });
}

/** Refuses users, once it is known who asks. */
export function limitUsers(server: FastifyInstance, rateLimit: RateLimit): void {
  server.addHook("onRequest", ({ user }, _, done) => {
    const isRefused = user !== undefined && rateLimit.refusesAny() && rateLimit.refuses(userCaller(user));
    done(isRefused ? new Problem("too-many-requests", detail) : undefined);
  });
}
