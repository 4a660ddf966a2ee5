import { type DatedEvent, dated, dayMs, hourMs, moments } from "./event.ts";
import type { DemoProduct } from "./products.ts";
import type { Random } from "./random.ts";

/** What customers of the demo shop say, by how many stars they give. */
interface Opinions {
  readonly titles: readonly string[];
  /** `%` stands for the thing. */
  readonly bodies: readonly string[];
}

type Stars = 1 | 2 | 3 | 4 | 5;

const opinions: Readonly<Record<Stars, Opinions>> = {
  1: {
    titles: ["Sent it back", "Very disappointing", "Do not bother"],
    bodies: [
      "The % broke within a week.",
      "Not what the picture shows.",
      "Two phone calls and still no refund for my %.",
    ],
  },
  2: {
    titles: ["Not for me", "Expected more", "Hm"],
    bodies: [
      "The % is all right but far too dear for what it is.",
      "Feels flimsy.",
      "Arrived late and with a scratch.",
    ],
  },
  3: {
    titles: ["Does its job", "Decent", "Fine for the price"],
    bodies: [
      "An average %, nothing more and nothing less.",
      "Good, but smaller than I thought.",
      "Nice %, dull packaging.",
    ],
  },
  4: {
    titles: ["Very pleased", "Good buy", "Nearly perfect", "Would buy again"],
    bodies: [
      "A well made %. One star off for the delivery.",
      "Looks even better than in the pictures.",
      "We have used the % every day for a month and are happy with it.",
      "Bought one for my sister as well.",
    ],
  },
  5: {
    titles: ["Love it", "Perfect", "Best I ever had", "Five stars", "Exactly right"],
    bodies: [
      "I looked for a % like this for years.",
      "Beautifully made, and it arrived the next day.",
      "Everybody who visits asks where we got the %.",
      "Worth every penny.",
      "My second one; the first still looks like new.",
    ],
  },
};

const firstNames =
  "Aisha Ben Chloe Dev Ellen Farid Grace Hamish Iris Jonas Kofi Leah Mateo Nora Owen Priya Rhys Sofia Tom Yuki".split(
    " ",
  );

const reviewsPerProductMax = 20;

/** 0 to 20 reviews, most products with none or two and a few with many: some 2.3 on average. */
export function reviewHistory(product: DemoProduct, random: Random, now: number): DatedEvent[] {
  const { id, noun, bornAt } = product;
  // Lomax (Pareto II) by inversion, cut off: a tail that a shop's reviews have.
  const count = Math.min(Math.floor(2.6 * ((1 - random.next()) ** -0.55 - 1)), reviewsPerProductMax);
  const quality = 3.2 + 1.6 * random.next();
  return moments(random, bornAt + dayMs, now - hourMs, count).map((at, index) => {
    // Now and then somebody thinks again: the same review_id replaces what it said.
    const rethought = index > 0 && random.chance(0.01);
    const rating = Math.min(
      5,
      Math.max(1, Math.round(quality + 2.4 * (random.next() - random.next()))),
    ) as Stars;
    const { titles, bodies } = opinions[rating];
    return dated(at, "review.posted", id, {
      review_id: `review-${rethought ? index - 1 : index}`,
      rating,
      title: random.pick(titles),
      body: random.pick(bodies).replace("%", noun.toLowerCase()),
      author: `${random.pick(firstNames)} ${random.pick([..."ABCDEFGHJKLMNPRSTW"])}.`,
    });
  });
}
