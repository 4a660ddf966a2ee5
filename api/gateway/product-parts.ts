import { groupName } from "../../projections/changes.ts";
import { lastCallUntil } from "../../projections/inventory.ts";
import type { Version, Versions } from "../../projections/version.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import { prepare } from "../answer.ts";
import { boundaryAmong } from "../boundary.ts";
import { productPolicies } from "../cache-policy.ts";
import { productTag, tagHeaders } from "../cache-tags.ts";
import type { Found } from "../reader.ts";
import { type ProductState, productView, type View } from "../views.ts";
import { isAhead, type MadeAnswer } from "./made-answer.ts";

/**
 * A product with all that its page shows, before it is rendered: both prices of a sale and its moments are in it, so who
 * holds the parts shows each price at its time and asks nobody. It travels as JSON to every node that holds it.
 */
export interface ProductParts {
  readonly found: Found;
  readonly group: Group | undefined;
}

/** The products around it. */
export interface Group {
  readonly id: Identifier;
  readonly members: readonly Found[];
  readonly knownAt: number;
  readonly degraded: boolean;
  /** Up to where each partition was when its members were named. */
  readonly positions: ReadonlyMap<number, number>;
}

/** The answer as it is at a moment. Of the same parts and moment the same bytes, wherever they are rendered. */
export function renderProduct(parts: ProductParts, view: View, moment: number): MadeAnswer {
  const { found, group } = parts;
  const { inventory } = found.state;
  const members = group?.members ?? [];
  const states = members.map(({ state }) => state);
  const degraded = group?.degraded === true || [found, ...members].some(({ source }) => source === "stale");
  const body = productView(found.state, states, view, moment);
  const own = [partitionOf(tokenOf(found.state.id))];
  const products = new Map([...members, found].map(({ state, sequence }) => [state.id, sequence]));
  const tags = tagHeaders([found.state.id, ...products.keys()].map(productTag));
  const validUntil = view === "details" ? undefined : boundaryAmong([found.state, ...states], moment);
  return {
    prepared: prepare(degraded ? { ...body, degraded } : body, tags),
    source: found.source,
    sequence: found.sequence,
    knownAt: Math.min(
      found.knownAt,
      ...members.map(({ knownAt }) => knownAt),
      group?.knownAt ?? Number.POSITIVE_INFINITY,
    ),
    validUntil,
    lastCallUntil: view === "details" || inventory === undefined ? undefined : lastCallUntil(inventory),
    later: isAhead(validUntil, moment) ? (at) => renderProduct(parts, view, at) : undefined,
    degraded,
    products,
    subject: found.state.id,
    shows: productPolicies[view].shows,
    names: group === undefined ? [] : [groupName(group.id)],
    // Whoever joins the group may be of any partition.
    partitions: group === undefined ? own : allPartitions,
    positionOf: own,
  };
}

/** Up to where of each partition that it depends on everything is in it. */
export function positionsIn({ found, group }: ProductParts): ReadonlyMap<number, number> {
  const positions = new Map(group?.positions);
  for (const { state, sequence } of [found, ...(group?.members ?? [])]) {
    const partition = partitionOf(tokenOf(state.id));
    positions.set(partition, Math.min(sequence, positions.get(partition) ?? Number.POSITIVE_INFINITY));
  }
  return positions;
}

/** As it travels. What is undefined is left out. */
interface Travelling {
  readonly v: typeof partsVersion;
  /** The log that it is about, up to where, and by which folds. */
  readonly at: Version;
  readonly found: Found;
  readonly group: (Omit<Group, "positions"> & { readonly positions: readonly (readonly number[])[] }) | null;
}

const partsVersion = 1;

export function encodeParts({ found, group }: ProductParts, versions: Versions): string {
  const bare = (of: Found): Found => ({ ...of, stamp: undefined });
  const travelling: Travelling = {
    v: partsVersion,
    at: versions(found.sequence),
    found: bare(found),
    group:
      group === undefined
        ? null
        : { ...group, members: group.members.map(bare), positions: [...group.positions] },
  };
  return JSON.stringify(travelling);
}

/**
 * Undefined where the text is none, or is about another product or log, or by other folds: anybody may send one. Never throws. The states
 * in it are as the sender's read models had them, and are not looked at further.
 */
export function decodeParts(text: string, id: Identifier, versions: Versions): ProductParts | undefined {
  try {
    const { v, at, found, group } = JSON.parse(text) as Travelling;
    if (v !== partsVersion || at !== versions(found.sequence) || found.state.id !== id) return undefined;
    if (![found, ...(group?.members ?? [])].every(isWhole)) return undefined;
    return {
      found: whole(found),
      group:
        group === null
          ? undefined
          : {
              ...group,
              members: group.members.map(whole),
              positions: new Map(group.positions as [number, number][]),
            },
    };
  } catch {
    return undefined;
  }
}

const isWhole = ({ state, sequence, newest, knownAt }: Found): boolean =>
  typeof state.id === "string" &&
  typeof state.details.title === "string" &&
  [sequence, newest, knownAt].every(Number.isSafeInteger) &&
  0 < newest &&
  newest <= sequence;

/** JSON leaves out what is undefined. */
function whole({ state, ...rest }: Found): Found {
  const { id, details, price, sales, inventory, rating } = state as Pick<ProductState, "id" | "details"> &
    Partial<ProductState>;
  return { ...rest, state: { id, details, price, sales, inventory, rating } };
}
