import { nextBoundary } from "../../projections/sales.ts";
import type { Versions } from "../../projections/version.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import { type Prepared, prepare } from "../answer.ts";
import { allAtHead } from "../catalog-health.ts";
import { Problem } from "../problems.ts";
import type { ReadOptions } from "../read-options.ts";
import type { CatalogReader, Found } from "../reader.ts";
import { type ProductState, productView, type View } from "../views.ts";

/**
 * Products as answers, made from the tiers behind the gateway: the product, its group around it, and what the
 * answer depends on.
 */
export interface ProductAnswers {
  /** Undefined for each identifier that no product has. Throws a 503 problem when no tier can answer. */
  make(
    ids: readonly Identifier[],
    view: View,
    options: ReadOptions,
  ): Promise<readonly (ProductAnswer | undefined)[]>;
}

export interface ProductAnswer {
  readonly prepared: Prepared;
  readonly source: Found["source"];
  /** Everything about the product up to this sequence is included. */
  readonly sequence: number;
  readonly knownAt: number;
  /** The next moment at which it changes by the clock. */
  readonly validUntil: number | undefined;
  readonly degraded: boolean;
  /** Whose changes change it, the product and those of its group, and up to where each is included. */
  readonly products: ReadonlyMap<Identifier, number>;
  readonly groups: readonly Identifier[];
  readonly partitions: readonly number[];
}

/** Variants shown with a product; more belong into a listing. */
const variantsMax = 500;

interface Group {
  readonly id: Identifier;
  readonly members: readonly Found[];
  readonly knownAt: number;
  readonly degraded: boolean;
}

export function createProductAnswers(options: {
  readonly reader: CatalogReader;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly now: () => number;
}): ProductAnswers {
  const { reader, readModel, versions, now } = options;

  /**
   * The members of a group. A position that a reader names is about the product it asks for: members that no tier
   * can give at that position are given as they are, or left out, rather than the product with them.
   */
  async function membersOf(ids: readonly Identifier[], wanted: ReadOptions) {
    const present = (found: readonly (Found | undefined)[]) => found.filter((one) => one !== undefined);
    try {
      return { members: present(await reader.read(ids, wanted)), reached: true };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const standing = ids.map((id) =>
        reader.read([id], { freshnessMs: wanted.freshnessMs }).catch(() => []),
      );
      return { members: present((await Promise.all(standing)).flat()), reached: false };
    }
  }

  async function gather(group: Identifier, wanted: ReadOptions): Promise<Group> {
    const gathered = await readModel.readGroup(group).catch(() => undefined);
    const { members, reached } = await membersOf((gathered?.ids ?? []).slice(0, variantsMax), wanted);
    const headAt = gathered && allAtHead(gathered.positions, versions);
    const whole = reached && headAt !== undefined && now() - headAt <= wanted.freshnessMs;
    return { id: group, members, knownAt: headAt ?? 0, degraded: !whole };
  }

  function answerOf(found: Found, group: Group | undefined, view: View): ProductAnswer {
    const members = group?.members ?? [];
    const states = members.map(({ state }) => state);
    const moment = now();
    const degraded = group?.degraded === true || [found, ...members].some(({ source }) => source === "stale");
    const body = productView(found.state, states, view, moment);
    const products = new Map([...members, found].map(({ state, sequence }) => [state.id, sequence]));
    return {
      prepared: prepare(degraded ? { ...body, degraded } : body),
      source: found.source,
      sequence: found.sequence,
      knownAt: Math.min(
        found.knownAt,
        ...members.map(({ knownAt }) => knownAt),
        group?.knownAt ?? Number.POSITIVE_INFINITY,
      ),
      validUntil: view === "details" ? undefined : boundaryOf([found.state, ...states], moment),
      degraded,
      products,
      groups: group === undefined ? [] : [group.id],
      // Whoever joins the group may be of any partition.
      partitions: group === undefined ? [partitionOf(tokenOf(found.state.id))] : allPartitions,
    };
  }

  return {
    async make(ids, view, wanted) {
      const results = await reader.read(ids, wanted);
      const named = results.map((found) => found?.state.details.group_id ?? null);
      const groups = new Map<Identifier, Group>();
      const distinct = [...new Set(named)].filter((group) => group !== null);
      for (const group of await Promise.all(distinct.map((id) => gather(id, wanted))))
        groups.set(group.id, group);
      return results.map((found, at) => {
        const group = named[at] ?? null;
        return found && answerOf(found, group === null ? undefined : groups.get(group), view);
      });
    },
  };
}

function boundaryOf(states: readonly ProductState[], moment: number): number | undefined {
  const moments = states.map(({ sales }) => nextBoundary(sales, moment)).filter((at) => at !== undefined);
  return moments.length === 0 ? undefined : Math.min(...moments);
}
