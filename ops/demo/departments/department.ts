/**
 * What a department of the demo shop is written down as. All of it is made up, brands included; shelves,
 * makes and features are chosen so that any of a group's features goes with any of its shelves.
 */
export interface Department {
  readonly slug: string;
  readonly name: string;
  readonly brands: readonly string[];
  readonly groups: readonly Group[];
}

export interface Group {
  readonly name: string;
  readonly shelves: readonly Shelf[];
  /** Words in front of the noun: a material, a style. */
  readonly makes: readonly string[];
  /** Sentences for descriptions. */
  readonly features: readonly string[];
  readonly specs: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  /** How the variants of one product differ; without it there are none. */
  readonly variesBy?: Variation;
}

export type Shelf = readonly [name: string, noun: string, fromPounds: number, toPounds: number];

export type Variation = "colour" | "clothing size" | "shoe size" | "bedding size" | "volume" | "pack";
