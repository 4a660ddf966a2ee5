import type { Identifier } from "../../streams/identifier.ts";
import { identifierOfDemo, slug } from "./slug.ts";

/**
 * Products whose identifiers need escaping somewhere: in a subject, in a path, in `ids=`, in XML. Real shops
 * have them, so the demo has them too.
 */
export interface Oddity {
  readonly id: Identifier;
  readonly noun: string;
  readonly title: string;
  readonly description: string;
  /** On no shelf at all where absent. */
  readonly shelf?: Identifier;
  readonly pounds: number;
}

export const oddities: readonly Oddity[] = [
  {
    id: identifierOfDemo("BANK CHARGES"),
    noun: "Fee",
    title: "Bank charges",
    description: "An accounting line that found its way into the catalogue, as they do.",
    pounds: 15,
  },
  {
    id: identifierOfDemo("röd-stol"),
    noun: "Chair",
    title: "Norvik Röd Stol Dining Chair, Red",
    description: "A red wooden chair from Sweden, under the name it has there.",
    shelf: slug("home", "Home office", "Office chairs"),
    pounds: 89,
  },
  {
    id: identifierOfDemo("A/B pencil set"),
    noun: "Pencils",
    title: "Quillon A/B Pencils <2B & HB>",
    description: "Half of them soft, half of them hard, and a title that no page may take for markup.",
    shelf: slug("books-toys", "Stationery", "Pencils"),
    pounds: 9,
  },
  {
    id: identifierOfDemo("Hausschuh Größe 42"),
    noun: "Slippers",
    title: "Søndag Felt Slippers, Size 42",
    description: "Grey felt, a leather sole, and no hurry.",
    shelf: slug("clothing", "Shoes", "Slippers"),
    pounds: 34,
  },
  {
    id: identifierOfDemo("100%-wool,throw"),
    noun: "Throw",
    title: "Tilly Marsh 100% Wool Throw",
    description: "Its code holds a percent sign and a comma, so it is asked for with both encoded.",
    shelf: slug("home", "Textiles", "Throws"),
    pounds: 65,
  },
  {
    id: identifierOfDemo("抹茶.bowl"),
    noun: "Bowl",
    title: "Svalby Matcha Bowl 抹茶",
    description: "Wide enough for the whisk, and glazed by hand.",
    shelf: slug("kitchen", "Tableware", "Bowls"),
    pounds: 28,
  },
];
