import type { Aspects } from "../../projections/aspects.ts";
import type { SaleEvent } from "../../projections/sales.ts";
import type { Identifier } from "../../streams/identifier.ts";
import type { HeatWord } from "./heat-word.ts";
import type { LateDrop } from "./late-drops.ts";
import type { HotFold, PlacedCommand } from "./hot-stream.ts";
import type { HeldWord } from "./hot-word.ts";

/** What the owner of hot products hears: all that its decisions depend on, but for the moment. */
export type HotInput =
  /** What the owner before left, as the first input of all. */
  | { readonly kind: "fold"; readonly fold: HotFold }
  | { readonly kind: "heat"; readonly word: HeatWord }
  | { readonly kind: "held"; readonly word: HeldWord }
  /** `products`: undefined where any may have changed. `drops`: those whose price fell to half or less. */
  | {
      readonly kind: "change";
      readonly products: readonly (readonly [id: Identifier, touched: Aspects])[] | undefined;
      readonly drops: readonly Identifier[];
    }
  /** What nobody heard when it was said. Such a drop may be told again. */
  | { readonly kind: "late drops"; readonly drops: readonly LateDrop[] }
  | { readonly kind: "sale"; readonly event: SaleEvent }
  | { readonly kind: "command"; readonly command: PlacedCommand }
  /** `sequence`: undefined where there is no such product. `isLarge`: its value is too large to be pushed. */
  | {
      readonly kind: "loaded";
      readonly id: Identifier;
      readonly sequence: number | undefined;
      readonly isLarge: boolean;
    }
  | { readonly kind: "load failed"; readonly id: Identifier }
  | { readonly kind: "time" };
