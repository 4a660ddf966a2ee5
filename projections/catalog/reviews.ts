import type { Event, EventOf } from "../../streams/events.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { partitionOf } from "../../streams/partition.ts";
import { readDerived } from "../derived.ts";
import type { DerivedBuffer } from "../derived-buffer.ts";
import { emptyRun, foldOnto } from "../fold-run.ts";
import type { Standing } from "../projection.ts";
import type { ReadModel } from "../read-model.ts";
import { evolveRating, evolveReviews, type GivenRating, type Rating, type Reviews } from "../reviews.ts";
import { assertStanding } from "../standing.ts";
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
    standing: Standing,
  ): Promise<void>;
}

export interface ReviewWriterOptions {
  readonly readModel: ReadModel;
  readonly derived: Log;
  readonly buffer: DerivedBuffer;
  readonly versions: Versions;
}

export function createReviewWriter({
  readModel,
  derived,
  buffer,
  versions,
}: ReviewWriterOptions): ReviewWriter {
  /**
   * What Redis holds; where that was evicted, what is on its way to the derived stream, and only then what is
   * there: the stream is written behind, and a list made on an older one would lack what came between.
   */
  async function newestOf(
    ids: readonly Identifier[],
    behind: ReadonlySet<Identifier>,
  ): Promise<ReadonlyMap<Identifier, Reviews | undefined>> {
    const stored = await readModel.readReviews(ids);
    const found = new Map<Identifier, Reviews | undefined>();
    await Promise.all(
      ids.map(async (id, at) => {
        const standing = stored[at]?.value ?? undefined;
        if (standing !== undefined || !behind.has(id)) {
          found.set(id, standing);
          return;
        }
        const kept = buffer.gathered("reviews", id) ?? (await readDerived(derived, "reviews", id, "leader"));
        found.set(id, kept && { newest: kept.newest, sequence: kept.sequence });
      }),
    );
    return found;
  }

  return {
    async apply(reviews, again, standing) {
      const run = emptyRun();
      for (const event of again) foldOnto(run, event);
      const repeated = run.reviews;
      const ids = [...new Set([...reviews.keys(), ...repeated.keys()])];
      if (ids.length === 0) return;
      const queries = ids.map((id) => ({
        id,
        reviews: [...new Set((reviews.get(id) ?? []).map(({ data }) => data.review_id))],
      }));
      // What the derived stream holds already needs no newest reviews where Redis has none: a miss finds them.
      const behind = new Set(
        ids.filter((id) => {
          const covered = buffer.position(partitionOf(tokenOf(id)));
          return repeated.has(id) || (reviews.get(id) ?? []).some(({ sequence }) => sequence > covered);
        }),
      );
      const [ratings, newest] = await Promise.all([readModel.readRatings(queries), newestOf(ids, behind)]);
      await Promise.all(
        ids.map(async (id, at) => {
          const fence = standing.get(partitionOf(tokenOf(id)))?.fence;
          if (fence === undefined) return;
          const events = reviews.get(id) ?? [];
          const held = repeated.get(id)?.at(-1)?.sequence ?? 0;
          if ((ratings[at]?.rating?.sequence ?? 0) < held)
            await assertStanding(readModel, fence, `the rating of "${id}" at ${held}`);
          const given = new Map<Identifier, GivenRating>(ratings[at]?.given);
          let rating: Rating | undefined = ratings[at]?.rating;
          let list = (repeated.get(id) ?? []).reduce(evolveReviews, newest.get(id));
          for (const event of events) {
            const { review_id, rating: stars } = event.data;
            rating = evolveRating(rating, given.get(review_id), event);
            given.set(review_id, { rating: stars, sequence: event.sequence });
            if (list !== undefined || behind.has(id)) list = evolveReviews(list, event);
          }
          if (rating === undefined) return;
          const changed = events.map(({ data, sequence }) => ({
            review: data.review_id,
            version: versions(sequence),
            rating: data.rating,
          }));
          const put = { id, version: versions(rating.sequence), rating, given: changed };
          if (events.length > 0) await readModel.putRatings(fence, [put]);
          if (list === undefined) return;
          // On the way through what is held already, the list is one of the past: only the derived stream takes it.
          if (events.length > 0 || list.sequence >= rating.sequence) {
            await readModel.putReviews(fence, [{ id, version: versions(list.sequence), value: list }]);
          }
          if (!behind.has(id)) return;
          buffer.add([
            { name: "reviews", id, value: { rating, newest: list.newest, sequence: list.sequence } },
          ]);
        }),
      );
    },
  };
}
