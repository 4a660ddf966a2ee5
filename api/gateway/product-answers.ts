import { groupName } from "../../projections/changes.ts";
import type { Versions } from "../../projections/version.ts";
import type { ReadModel } from "../../projections/read-model.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import { prepare } from "../answer.ts";
import { boundaryAmong } from "../boundary.ts";
import { productTag, tagHeaders } from "../cache-tags.ts";
import { productPolicies } from "../cache-policy.ts";
import { allAtHead } from "../catalog-health.ts";
import { Problem } from "../problems.ts";
import { dueSequence, type ReadOptions } from "../read-options.ts";
import type { CatalogReader, Found } from "../reader.ts";
import { productView, type View } from "../views.ts";
import type { MadeAnswer } from "./made-answer.ts";
import { madeOf, type StoredAnswers } from "./stored-answers.ts";

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
  ): Promise<readonly (MadeAnswer | undefined)[]>;
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
  readonly stored: StoredAnswers;
  readonly readModel: ReadModel;
  readonly versions: Versions;
  readonly now: () => number;
}): ProductAnswers {
  const { reader, stored, readModel, versions, now } = options;

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

  function answerOf(found: Found, group: Group | undefined, view: View): MadeAnswer {
    const members = group?.members ?? [];
    const states = members.map(({ state }) => state);
    const moment = now();
    const degraded = group?.degraded === true || [found, ...members].some(({ source }) => source === "stale");
    const body = productView(found.state, states, view, moment);
    const own = [partitionOf(tokenOf(found.state.id))];
    const products = new Map([...members, found].map(({ state, sequence }) => [state.id, sequence]));
    const tags = tagHeaders([found.state.id, ...products.keys()].map(productTag));
    return {
      prepared: prepare(degraded ? { ...body, degraded } : body, tags),
      source: found.source,
      sequence: found.sequence,
      knownAt: Math.min(
        found.knownAt,
        ...members.map(({ knownAt }) => knownAt),
        group?.knownAt ?? Number.POSITIVE_INFINITY,
      ),
      validUntil: view === "details" ? undefined : boundaryAmong([found.state, ...states], moment),
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

  async function assemble(ids: readonly Identifier[], view: View, wanted: ReadOptions) {
    const results = await reader.read(ids, wanted);
    const named = results.map((found) => found?.state.details.group_id ?? null);
    const groups = new Map<Identifier, Group>();
    const distinct = [...new Set(named)].filter((group) => group !== null);
    for (const group of await Promise.all(distinct.map((id) => gather(id, wanted))))
      groups.set(group.id, group);
    return results.map((found, at) => {
      const group = named[at] ?? null;
      if (found === undefined) return undefined;
      const answer = answerOf(found, group === null ? undefined : groups.get(group), view);
      if (view === "assembled" && group === null) stored.store(found, answer);
      return answer;
    });
  }

  /** What the store holds ready, undefined for each that it does not; undefined where it does not answer. */
  function readyAmong(ids: readonly Identifier[], wanted: ReadOptions) {
    const { promise, resolve } = Promise.withResolvers<readonly (MadeAnswer | undefined)[] | undefined>();
    const answers: (MadeAnswer | undefined)[] = [];
    let left = ids.length;
    if (left === 0) resolve([]);
    for (const [at, id] of ids.entries()) {
      stored.ask(id, { freshnessMs: wanted.freshnessMs, due: dueSequence(wanted, id) }, (ready) => {
        if (ready instanceof Error) resolve(undefined);
        else answers[at] = ready && madeOf(id, ready);
        if (--left === 0) resolve(answers);
      });
    }
    return promise;
  }

  return {
    async make(ids, view, wanted) {
      if (view === "details" || wanted.stored !== undefined) return assemble(ids, view, wanted);
      const ready = await readyAmong(ids, wanted);
      if (ready === undefined) return assemble(ids, view, { ...wanted, stored: "away" });
      const missing = ids.filter((_, at) => ready[at] === undefined);
      if (missing.length === 0) return ready;
      const made = await assemble(missing, view, wanted);
      let next = 0;
      return ready.map((one) => one ?? made[next++]);
    },
  };
}
