import type { ReadModel } from "../projections/read-model.ts";
import { type Log, LogUnavailable } from "../streams/log.ts";
import { createSlots } from "../streams/slots.ts";
import { type Breaker, BreakerOpen } from "./breaker.ts";

/** The tiers as the API reads them, each behind a breaker. */

/** Reads of the log. One that is not made fails as one that was not answered. */
export function logBehind(log: Log, breaker: Breaker): Log {
  async function read<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await breaker.run(call);
    } catch (error) {
      if (!(error instanceof BreakerOpen)) throw error;
      throw new LogUnavailable(error.message, { cause: error });
    }
  }
  return {
    ...log,
    last: (subject, from) => read(() => log.last(subject, from)),
    next: (subject, sequence) => read(() => log.next(subject, sequence)),
    bounds: () => read(() => log.bounds()),
  };
}

/** Reads past the breaker of a server that returns. */
const pastAtOnceMax = 16;

/** What readers need of the read models. */
export function readModelBehind(readModel: ReadModel, breaker: Breaker): ReadModel {
  const slots = createSlots(pastAtOnceMax);

  /** What no other tier has: a server that returns, and is only being spared, is asked all the same, a few at a time. */
  async function only<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await breaker.run(call);
    } catch (error) {
      const mayPass = error instanceof BreakerOpen && breaker.state === "returning";
      const tried = mayPass ? slots.tryRun(call) : undefined;
      if (tried === undefined) throw error;
      return tried;
    }
  }

  return {
    ...readModel,
    positions: (log, partitions) => breaker.run(() => readModel.positions(log, partitions)),
    readProducts: (ids) => breaker.run(() => readModel.readProducts(ids)),
    // While a server returns, the calls that it is given are for those who have nothing else.
    readAnswers: async (ids) =>
      breaker.state === "returning"
        ? ids.map(() => ({ position: undefined, answer: undefined }))
        : breaker.run(() => readModel.readAnswers(ids)),
    putAnswer: async (id, stamp, answer) => {
      if (breaker.state === "closed") await readModel.putAnswer(id, stamp, answer);
    },
    refillRegisters: (fence, puts) => breaker.run(() => readModel.refillRegisters(fence, puts)),
    readReviews: (ids) => breaker.run(() => readModel.readReviews(ids)),
    readGroup: (group) => only(() => readModel.readGroup(group)),
    readCategoryEvents: () => only(() => readModel.readCategoryEvents()),
    readListing: (category, sort, offset, count) =>
      only(() => readModel.readListing(category, sort, offset, count)),
  };
}
