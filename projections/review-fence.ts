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
 * What the read models or the derived stream hold is the fold of all reviews up to its own sequence, so the
 * sequence of the last review tells whether it is whole. Only where the projector has not come to that one yet
 * are the product's reviews folded from the first one on: a later review may replace any earlier one.
 */
export interface ReviewFence {
  /** `known`: what the caller has. Costs two gets from the leader while no review is on its way. */
  ratingOf(id: Identifier, known: Rating | undefined): Promise<Rating | undefined>;
}

/** Products whose reviews were folded here and are remembered until their next one. */
const rememberedMax = 1_000;

export function createReviewFence(catalog: Log, derived: Log): ReviewFence {
  const folded = new Map<
    string,
    { readonly sequence: number; readonly rating: Promise<Rating | undefined> }
  >();

  /** A fold that is under way or done is shared by all who ask up to the same review. */
  function foldOnce(subject: string, sequence: number): Promise<Rating | undefined> {
    const earlier = folded.get(subject);
    if (earlier?.sequence === sequence) return earlier.rating;
    const rating = foldRating(catalog, subject, sequence);
    folded.delete(subject);
    folded.set(subject, { sequence, rating });
    rating.catch(() => folded.delete(subject));
    const [oldest] = folded.keys();
    if (folded.size > rememberedMax && oldest !== undefined) folded.delete(oldest);
    return rating;
  }

  return {
    async ratingOf(id, known) {
      const token = tokenOf(id);
      const subject = storedSubject("review.posted", token);
      const kept = async () =>
        newerRating(known, (await readDerived(derived, "reviews", id, "leader"))?.rating);
      const before = await kept();
      const last = await catalog.last(subject, "leader");
      if (last === undefined || last.sequence <= (before?.sequence ?? 0)) return before;
      // What the projector passed over without a trace was bad. The position is read before what it covers.
      const settled = await readDerivedPosition(derived, partitionOf(token));
      const standing = await kept();
      if (last.sequence <= Math.max(settled, standing?.sequence ?? 0)) return standing;
      return foldOnce(subject, last.sequence);
    },
  };
}

async function foldRating(catalog: Log, subject: string, until: number): Promise<Rating | undefined> {
  const given = new Map<Identifier, GivenRating>();
  let rating: Rating | undefined;
  for await (const message of replaySubject(catalog, subject, until)) {
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
