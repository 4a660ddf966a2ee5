import { decodeEvent, isBad } from "../streams/events.ts";
import { type Identifier, tokenOf } from "../streams/identifier.ts";
import type { Log } from "../streams/log.ts";
import { partitionOf } from "../streams/partition.ts";
import { storedSubject } from "../streams/subjects.ts";
import { readDerived, readDerivedPosition } from "./derived.ts";
import { replaySubject } from "./log-reader.ts";
import { evolveRating, type GivenRating, type Rating } from "./reviews.ts";

/**
 * A product's rating as the log's leader has it now, for answers that say up to where they are whole.
 *
 * What the read models or the derived stream hold is the fold of all reviews up to its own sequence, so one
 * look behind that place tells whether it is whole. Only where the projector has not come to a review yet are
 * the product's reviews folded from the first one on: a later review may replace any earlier one.
 */
export interface ReviewFence {
  /** `known`: what the caller has. Costs two gets from the leader while no review is on its way. */
  ratingOf(id: Identifier, known: Rating | undefined): Promise<Rating | undefined>;
}

export function createReviewFence(catalog: Log, derived: Log): ReviewFence {
  return {
    async ratingOf(id, known) {
      const token = tokenOf(id);
      const subject = storedSubject("review.posted", token);
      const kept = async () =>
        newerRating(known, (await readDerived(derived, "reviews", id, "leader"))?.rating);
      const before = await kept();
      const later = await catalog.next(subject, (before?.sequence ?? 0) + 1);
      if (later === undefined) return before;
      // What the projector passed over without a trace was bad. The position is read before what it covers.
      const settled = await readDerivedPosition(derived, partitionOf(token));
      const standing = await kept();
      const unseen = await catalog.next(subject, Math.max(settled, standing?.sequence ?? 0) + 1);
      if (unseen === undefined) return standing;
      return foldRating(catalog, subject);
    },
  };
}

async function foldRating(catalog: Log, subject: string): Promise<Rating | undefined> {
  const last = await catalog.last(subject, "leader");
  if (last === undefined) return undefined;
  const given = new Map<Identifier, GivenRating>();
  let rating: Rating | undefined;
  for await (const message of replaySubject(catalog, subject, last.sequence)) {
    const event = decodeEvent(message);
    if (isBad(event) || event.kind !== "review.posted") continue;
    const { review_id, rating: stars } = event.data;
    rating = evolveRating(rating, given.get(review_id), event);
    given.set(review_id, { rating: stars, sequence: event.sequence });
  }
  return rating;
}

function newerRating(a: Rating | undefined, b: Rating | undefined): Rating | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.sequence >= b.sequence ? a : b;
}
