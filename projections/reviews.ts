import type { EventOf } from "../streams/events.ts";
import type { Identifier } from "../streams/identifier.ts";

/**
 * Reviews: a product's rating and its newest reviews. The same review again replaces the earlier one, so the
 * rating needs to know what each review said before; that memory is kept beside the rating, a few bytes a
 * review, and is handed in as `earlier`.
 */

// Identity: one product. Events: review.posted.

// State

export interface Rating {
  readonly count: number;
  readonly sum: number;
  readonly sequence: number;
}

/** What one review of the product counts for. */
export interface GivenRating {
  readonly rating: number;
  readonly sequence: number;
}

export interface Reviews {
  /** Newest first, at most `newestReviewsMax`. */
  readonly newest: readonly Review[];
  readonly sequence: number;
}

export interface Review {
  readonly review_id: Identifier;
  readonly rating: number;
  readonly title: string | null;
  readonly body: string | null;
  readonly author: string | null;
  readonly posted_at: number;
  readonly sequence: number;
}

export const newestReviewsMax = 20;

/**
 * What the texts of the newest reviews may come to together, in UTF-16 units. A review may be as large as an
 * event, and the list has to fit one message and one page; the newest review is always in it.
 */
export const newestTextMax = 128 * 1024;

// Evolve

export function evolveRating(
  state: Rating | undefined,
  earlier: GivenRating | undefined,
  event: EventOf<"review.posted">,
): Rating {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const { count, sum } = state ?? { count: 0, sum: 0 };
  return {
    count: earlier === undefined ? count + 1 : count,
    sum: sum + event.data.rating - (earlier?.rating ?? 0),
    sequence: event.sequence,
  };
}

export function evolveReviews(state: Reviews | undefined, event: EventOf<"review.posted">): Reviews {
  if (state !== undefined && event.sequence <= state.sequence) return state;
  const { review_id, rating, title, body, author } = event.data;
  const review: Review = {
    review_id,
    rating,
    title: title ?? null,
    body: body ?? null,
    author: author ?? null,
    posted_at: event.at,
    sequence: event.sequence,
  };
  const others = (state?.newest ?? []).filter((other) => other.review_id !== review_id);
  return { newest: bounded([review, ...others]), sequence: event.sequence };
}

function bounded(reviews: readonly Review[]): readonly Review[] {
  let text = 0;
  const kept = reviews.slice(0, newestReviewsMax).filter(({ title, body, author }, at) => {
    text += (title?.length ?? 0) + (body?.length ?? 0) + (author?.length ?? 0);
    return at === 0 || text <= newestTextMax;
  });
  return kept;
}

// Queries

/** The average to two digits, or null without a review. */
export function averageOf(rating: Rating | undefined): number | null {
  return rating === undefined || rating.count === 0
    ? null
    : Math.round((rating.sum / rating.count) * 100) / 100;
}
