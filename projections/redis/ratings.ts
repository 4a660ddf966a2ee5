import type { Identifier } from "../../streams/identifier.ts";
import type { ReadModel } from "../read-model.ts";
import type { GivenRating, Rating } from "../reviews.ts";
import { sequenceOf } from "../version.ts";
import type { RedisConnection } from "./connection.ts";
import { keys } from "./keys.ts";
import { pipelined } from "./pipeline.ts";
import { readText, textOf } from "./text.ts";

/** `ratings:<id>:{partition}` is a hash: the rating in one field, and a field for what each review counts for. */
export const ratingField = "rating";
export const reviewField = (review: Identifier) => `review:${review}`;

export function redisRatings(redis: RedisConnection): Pick<ReadModel, "readRatings" | "putRatings"> {
  return {
    async readRatings(queries) {
      const results = await pipelined(redis, () =>
        queries.map(({ id, reviews }) =>
          redis.hmget(keys.ratings(id), ratingField, ...reviews.map(reviewField)),
        ),
      );
      return queries.map(({ reviews }, at) => {
        const [rating, ...texts] = results[at] as (string | null)[];
        const given = new Map<Identifier, GivenRating>();
        for (const [index, review] of reviews.entries()) {
          const stored = readText<number>(texts[index]);
          if (stored?.value != null)
            given.set(review, { rating: stored.value, sequence: sequenceOf(stored.version) });
        }
        return { rating: readText<Rating>(rating)?.value ?? undefined, given };
      });
    },

    async putRatings({ partition, position }, puts) {
      await pipelined(redis, () =>
        puts.map(({ id, version, rating, given }) =>
          redis.storeFieldsIfNewer(
            3,
            keys.position("catalog", partition),
            keys.ratings(id),
            keys.answer(id),
            position ?? "",
            ...given.flatMap((one) => [reviewField(one.review), textOf(one.version, one.rating)]),
            ratingField,
            textOf(version, rating),
          ),
        ),
      );
    },
  };
}
