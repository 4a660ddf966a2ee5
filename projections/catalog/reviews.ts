import type { Event, EventOf } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { readDerived } from "../derived.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import { foldRun } from "../fold-run.ts";
import type { ReadModel } from "../read-model.ts";
import { evolveRating, evolveReviews, type GivenRating, type Rating, type Reviews } from "../reviews.ts";
import type { Versions } from "../version.ts";

/**
 * Reviews change a rating that must be read first. The ratings are never evicted; the newest reviews may be,
 * and are then taken from the derived stream, which is at least as new as the place that was reached there.
 */
export interface ReviewWriter {
  /** `again`: events that the read models hold already and that the derived stream may lack. */
  apply(
    reviews: ReadonlyMap<Identifier, readonly EventOf<"review.posted">[]>,
    again: readonly Event[],
  ): Promise<void>;
}

export interface ReviewWriterOptions {
  readonly readModel: ReadModel;
  readonly derived: Log;
  readonly buffer: DerivedBuffer;
  readonly versions: Versions;
}

export function createReviewWriter({ readModel, derived, buffer, versions }: ReviewWriterOptions): ReviewWriter {
  async function newestOf(ids: readonly Identifier[]): Promise<ReadonlyMap<Identifier, Reviews | undefined>> {
    const stored = await readModel.readReviews(ids);
    const found = new Map<Identifier, Reviews | undefined>();
    await Promise.all(
      ids.map(async (id, at) => {
        const reviews = stored[at]?.value ?? (await readDerived(derived, "reviews", id, "leader"));
        found.set(id, reviews && { newest: reviews.newest, sequence: reviews.sequence });
      }),
    );
    return found;
  }

  return {
    async apply(reviews, again) {
      const repeated = foldRun(again).reviews;
      const ids = [...new Set([...reviews.keys(), ...repeated.keys()])];
      if (ids.length === 0) return;
      const queries = ids.map((id) => ({
        id,
        reviews: [...new Set((reviews.get(id) ?? []).map(({ data }) => data.review_id))],
      }));
      // What the derived stream holds already needs no newest reviews: a miss finds them there.
      const behind = ids.filter((id) => {
        const covered = buffer.position(partitionOf(tokenOf(id)));
        return repeated.has(id) || (reviews.get(id) ?? []).some(({ sequence }) => sequence > covered);
      });
      const [standing, newest] = await Promise.all([readModel.readRatings(queries), newestOf(behind)]);
      const ratings = [];
      const registers = [];
      for (const [at, id] of ids.entries()) {
        const events = reviews.get(id) ?? [];
        const given = new Map<Identifier, GivenRating>(standing[at]?.given);
        let rating: Rating | undefined = standing[at]?.rating;
        let list = (repeated.get(id) ?? []).reduce(evolveReviews, newest.get(id));
        for (const event of events) {
          const { review_id, rating: stars } = event.data;
          rating = evolveRating(rating, given.get(review_id), event);
          given.set(review_id, { rating: stars, sequence: event.sequence });
          list = evolveReviews(list, event);
        }
        if (rating === undefined) continue;
        const version = versions(rating.sequence);
        if (events.length > 0) {
          const changed = events.map(({ data, sequence }) => ({
            review: data.review_id,
            version: versions(sequence),
            rating: data.rating,
          }));
          ratings.push({ id, version, rating, given: changed });
        }
        if (list === undefined || !behind.includes(id)) continue;
        registers.push({ id, register: "reviews", version: versions(list.sequence), value: list } as const);
        buffer.add([{ name: "reviews", id, value: { rating, newest: list.newest, sequence: list.sequence } }]);
      }
      await Promise.all([readModel.putRatings(ratings), readModel.putRegisters(registers)]);
    },
  };
}
