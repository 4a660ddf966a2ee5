import type { ReadModel } from "../../projections/read-model.ts";
import { sequenceOf, type Versions } from "../../projections/version.ts";
import type { Identifier } from "../../streams/identifier.ts";
import { allAtHead } from "../catalog-health.ts";
import { Problem } from "../problems.ts";
import { dueSequence, type ReadOptions } from "../read-options.ts";
import type { CatalogReader, Found } from "../reader.ts";
import type { View } from "../views.ts";
import type { MadeAnswer } from "./made-answer.ts";
import { type Group, type ProductParts, renderProduct } from "./product-parts.ts";
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
  /** What its answers are made of, for who shows them elsewhere; it is stored ready as well. Throws as `make` does. */
  parts(id: Identifier, options: ReadOptions): Promise<ProductParts | undefined>;
}

/** Variants shown with a product; more belong into a listing. */
const variantsMax = 500;

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

  async function gatherGroup(group: Identifier, wanted: ReadOptions): Promise<Group> {
    const gathered = await readModel.readGroup(group).catch(() => undefined);
    const { members, reached } = await membersOf((gathered?.ids ?? []).slice(0, variantsMax), wanted);
    const headAt = gathered && allAtHead(gathered.positions, versions);
    const whole = reached && headAt !== undefined && now() - headAt <= wanted.freshnessMs;
    const positions = new Map(
      (gathered?.positions ?? []).map((position, partition) => [
        partition,
        position === undefined ? 0 : sequenceOf(position.version),
      ]),
    );
    return { id: group, members, knownAt: headAt ?? 0, degraded: !whole, positions };
  }

  async function gather(ids: readonly Identifier[], wanted: ReadOptions) {
    const results = await reader.read(ids, wanted);
    const named = results.map((found) => found?.state.details.group_id ?? null);
    const groups = new Map<Identifier, Group>();
    const distinct = [...new Set(named)].filter((group) => group !== null);
    for (const group of await Promise.all(distinct.map((id) => gatherGroup(id, wanted))))
      groups.set(group.id, group);
    return results.map((found, at): ProductParts | undefined => {
      const group = named[at] ?? null;
      return found && { found, group: group === null ? undefined : groups.get(group) };
    });
  }

  function render(parts: ProductParts, view: View): MadeAnswer {
    const answer = renderProduct(parts, view, now());
    if (view === "assembled" && parts.group === undefined) stored.store(parts.found, answer);
    return answer;
  }

  async function assemble(ids: readonly Identifier[], view: View, wanted: ReadOptions) {
    return (await gather(ids, wanted)).map((parts) => parts && render(parts, view));
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
    async parts(id, wanted) {
      const [parts] = await gather([id], wanted);
      if (parts !== undefined) render(parts, "assembled");
      return parts;
    },
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
