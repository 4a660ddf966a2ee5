/**
 * What an API worker's readers asked for lately, told on the broadcast `heat`. A worker's newest word stands for all of
 * it and replaces its earlier ones, so a word that is lost, or comes twice, does no harm: the next one heals it. One
 * that has said nothing for a second counts for nothing; so each says something at least twice a second.
 */
export interface HeatWord {
  /** The worker: a name for its life. */
  readonly by: string;
  /** Rises with each of its words. */
  readonly count: number;
  /** Whether it takes pushed values, and must confirm them before they count as held everywhere. */
  readonly holds: boolean;
  /** The hottest first. */
  readonly products: readonly Heat[];
  /** `user:<id>` or `address:<text>`. */
  readonly callers: readonly Heat[];
  /** By route, such as `GET /api/products/:id`. */
  readonly endpoints: readonly Heat[];
}

export interface Heat {
  readonly key: string;
  /** Reads a second, of which the last second counts most. Not by one address alone. */
  readonly perSecond: number;
}

const wordVersion = 1;
const keyLengthMax = 256;
/** What a worker tells of at most (api/heat/heat.ts): whoever tells of more is none. */
const toldMax = { products: 128, callers: 32, endpoints: 32 };

/** Heat as it stands in words. */
export type Pairs = readonly (readonly [key: string, perSecond: number])[];

export const pairs = (all: readonly Heat[]): Pairs =>
  all.map(({ key, perSecond }) => [key, Math.round(perSecond)]);
export const heats = (all: Pairs): readonly Heat[] => all.map(([key, perSecond]) => ({ key, perSecond }));

export function encodeHeatWord({ by, count, holds, products, callers, endpoints }: HeatWord): Uint8Array {
  const lists = { products: pairs(products), callers: pairs(callers), endpoints: pairs(endpoints) };
  return Buffer.from(JSON.stringify({ v: wordVersion, by, count, holds, ...lists }));
}

/** Undefined where the bytes are none: anybody may publish on the subject. Never throws. */
export function decodeHeatWord(bytes: Uint8Array): HeatWord | undefined {
  try {
    const word = JSON.parse(Buffer.from(bytes).toString()) as Readonly<Record<string, unknown>> | null;
    const { v, by, count, holds, products, callers, endpoints } = word ?? {};
    if (v !== wordVersion || typeof by !== "string" || by.length > keyLengthMax) return undefined;
    if (!Number.isInteger(count) || typeof holds !== "boolean") return undefined;
    if (!isPairs(products, toldMax.products)) return undefined;
    if (!isPairs(callers, toldMax.callers) || !isPairs(endpoints, toldMax.endpoints)) return undefined;
    return {
      by,
      count: count as number,
      holds,
      products: heats(products),
      callers: heats(callers),
      endpoints: heats(endpoints),
    };
  } catch {
    return undefined;
  }
}

export function isPairs(value: unknown, max: number): value is Pairs {
  return Array.isArray(value) && value.length <= max && value.every(isPair);
}

function isPair(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [key, perSecond] = value as readonly unknown[];
  return typeof key === "string" && key.length <= keyLengthMax && Number.isFinite(perSecond);
}
