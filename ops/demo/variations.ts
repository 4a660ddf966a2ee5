import type { Variation } from "./departments/department.ts";
import type { Random } from "./random.ts";

/** The variants of one product: what tells them apart, and what each costs beside the first. */
export interface Variant {
  readonly options: Readonly<Record<string, string>>;
  readonly priceFactor: number;
}

const colours = [
  "Black",
  "Charcoal",
  "Grey",
  "White",
  "Ivory",
  "Natural",
  "Navy",
  "Blue",
  "Teal",
  "Sage",
  "Olive",
  "Mustard",
  "Rust",
  "Red",
  "Blush",
  "Plum",
];

const clothingSizes = ["XS", "S", "M", "L", "XL", "XXL"];
const shoeSizes = ["UK 4", "UK 5", "UK 6", "UK 7", "UK 8", "UK 9", "UK 10", "UK 11"];

/** Sizes that cost more as they grow. */
const pricedSizes = {
  "bedding size": { Single: 1, Double: 1.3, King: 1.55, "Super King": 1.8 },
  volume: { "50 ml": 1, "100 ml": 1.7, "250 ml": 2.9, "500 ml": 4.6 },
  pack: { Single: 1, "Pack of 2": 1.9, "Pack of 3": 2.7, "Pack of 6": 5 },
} as const;

/** 3 to 8 variants, no two alike. */
export function drawVariants(variation: Variation, random: Random): Variant[] {
  switch (variation) {
    case "colour":
      return random
        .sample(colours, random.between(3, 8))
        .map((colour) => ({ options: { colour }, priceFactor: 1 }));
    case "clothing size":
      return sizesInColours(clothingSizes, random);
    case "shoe size":
      return sizesInColours(shoeSizes, random);
    default:
      return Object.entries(pricedSizes[variation])
        .slice(0, random.between(3, 4))
        .map(([size, priceFactor]) => ({ options: { size }, priceFactor }));
  }
}

function sizesInColours(sizes: readonly string[], random: Random): Variant[] {
  const inEach = random.between(3, 4);
  const smallest = random.between(0, sizes.length - inEach);
  return random
    .sample(colours, random.between(1, 2))
    .flatMap((colour) =>
      sizes.slice(smallest, smallest + inEach).map((size) => ({ options: { colour, size }, priceFactor: 1 })),
    );
}
