import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionOf } from "../../streams/partition.ts";
import type { CategoryEvent } from "../categories.ts";
import { isHalved, rankOf } from "../pricing.ts";
import {
  type Fence,
  type ListingRow,
  type Position,
  PositionMoved,
  type ReadModel,
  type RegisterKey,
  type RegisterName,
  type Registers,
  type Stamp,
  type Versioned,
} from "../read-model.ts";
import type { GivenRating, Rating, Reviews } from "../reviews.ts";
import type { ProductSales, Sale } from "../sales.ts";
import { sequenceOf, type Version } from "../version.ts";
import { createMemoryAnswers } from "./answers.ts";
import { byBytes, orderOf } from "./listing-order.ts";

/** The read models in memory, for tests and simulation: the same promises, no server. */
export interface MemoryReadModel extends ReadModel {
  /** What a server short of memory does: evictable values go. Returns how many went. */
  evict(goes: (what: RegisterName | "reviews", id: Identifier) => boolean): number;
  holds(register: RegisterName, id: Identifier): boolean;
}

export function createMemoryReadModel(): MemoryReadModel {
  const positions = new Map<string, Position>();
  const registers = new Map<string, Versioned<unknown>>();
  const reviews = new Map<Identifier, Versioned<Reviews>>();
  const ratings = new Map<
    Identifier,
    { rating: Versioned<Rating>; given: Map<Identifier, Versioned<number>> }
  >();
  const sales = new Map<string, Versioned<Sale | ProductSales>>();
  const categoryEvents = new Map<number, CategoryEvent>();
  const rows = new Map<Identifier, ListingRow>();
  const ranks = new Map<Identifier, string>();
  const boundaries = new Map<Identifier, number>();

  const registerKey = ({ register, id }: RegisterKey) => `${register}:${id}`;
  const read = <T>(register: keyof Registers, id: Identifier) =>
    registers.get(registerKey({ register, id })) as Versioned<T> | undefined;
  const saleKey = (partition: number, kind: "sale" | "product", id: Identifier) =>
    `${partition}:${kind}:${id}`;
  const putNewer = <K, T>(map: Map<K, Versioned<T>>, key: K, put: Versioned<T>): void => {
    const standing = map.get(key);
    if (standing === undefined || standing.version < put.version) map.set(key, put);
  };
  const inPartition = (partition: number) => (id: Identifier) => partitionOf(tokenOf(id)) === partition;

  /** Refuses a write whose partition is not where the writer found it. */
  const check = ({ partition, position }: Fence): void => {
    if (positions.get(`catalog:${partition}`)?.version !== position) {
      throw new PositionMoved(`the position of partition ${partition} has moved`);
    }
  };

  function stampOf(id: Identifier): Stamp | undefined {
    const position = positionOf(id);
    const own = (["product", "price", "inventory"] as const).map((register) => read(register, id)?.version);
    if (position === undefined || own.includes(undefined)) return undefined;
    const sold = sales.get(saleKey(partitionOf(tokenOf(id)), "product", id));
    const parts = [...own, ratings.get(id)?.rating.version, sold?.version];
    return { position: position.version, parts: parts.join("") };
  }

  const positionOf = (id: Identifier) => positions.get(`catalog:${partitionOf(tokenOf(id))}`);
  const answers = createMemoryAnswers({ positionOf, stampOf });

  const everyPosition = () => allPartitions.map((partition) => positions.get(`catalog:${partition}`));

  return {
    session: () => 0,

    async positions(log, partitions) {
      const found = new Map<number, Position>();
      for (const partition of partitions) {
        const position = positions.get(`${log}:${partition}`);
        if (position !== undefined) found.set(partition, position);
      }
      return found;
    },

    async advance(log, moves) {
      const stuck = new Map<number, Position | undefined>();
      for (const { partition, from, to, headAt } of moves) {
        const standing = positions.get(`${log}:${partition}`);
        if (standing?.version === from) positions.set(`${log}:${partition}`, { version: to, headAt });
        else stuck.set(partition, standing);
      }
      return stuck;
    },

    async putRegisters(fences, puts) {
      const partitions = new Set(puts.map(({ id }) => partitionOf(tokenOf(id))));
      for (const fence of fences) if (partitions.has(fence.partition)) check(fence);
      for (const put of puts) {
        putNewer(registers, registerKey(put), { version: put.version, value: put.value });
        answers.forget(put.id);
      }
    },

    async refillRegisters({ partition, position }, puts) {
      if (positions.get(`catalog:${partition}`)?.version !== position) return;
      for (const put of puts) {
        if (registers.has(registerKey(put))) continue;
        registers.set(registerKey(put), { version: put.version, value: put.value });
      }
    },

    async readProducts(ids) {
      return ids.map((id) => {
        const partition = partitionOf(tokenOf(id));
        return {
          position: positionOf(id),
          product: read("product", id),
          price: read("price", id),
          inventory: read("inventory", id),
          rating: ratings.get(id)?.rating.value ?? undefined,
          sales: sales.get(saleKey(partition, "product", id))?.value as ProductSales | undefined,
          exists: read("product", id) === undefined ? rows.get(id)?.membership !== undefined : undefined,
          stamp: stampOf(id),
        };
      });
    },

    readAnswers: answers.readAnswers,
    putAnswer: answers.putAnswer,

    async readReviews(ids) {
      return ids.map((id) => reviews.get(id));
    },

    async putReviews(fence, puts) {
      check(fence);
      for (const { id, version, value } of puts) putNewer(reviews, id, { version, value });
    },

    async readRatings(queries) {
      return queries.map(({ id, reviews }) => {
        const stored = ratings.get(id);
        const given = new Map<Identifier, GivenRating>();
        for (const review of reviews) {
          const one = stored?.given.get(review);
          if (one?.value != null) given.set(review, { rating: one.value, sequence: sequenceOf(one.version) });
        }
        return { rating: stored?.rating.value ?? undefined, given };
      });
    },

    async putRatings(fence, puts) {
      check(fence);
      for (const { id, version, rating, given } of puts) {
        const stored = ratings.get(id) ?? { rating: { version, value: rating }, given: new Map() };
        if (stored.rating.version < version) stored.rating = { version, value: rating };
        for (const one of given)
          putNewer(stored.given, one.review, { version: one.version, value: one.rating });
        ratings.set(id, stored);
        answers.forget(id);
      }
    },

    async readSale(partition, sale) {
      return sales.get(saleKey(partition, "sale", sale))?.value as Sale | undefined;
    },

    async readSalesOf(partition, products) {
      return products.map(
        (id) => sales.get(saleKey(partition, "product", id))?.value as ProductSales | undefined,
      );
    },

    async putSale(fence, { sale, version, value, products }) {
      check(fence);
      const { partition } = fence;
      for (const product of products) {
        putNewer(sales, saleKey(partition, "product", product.id), { version, value: product.value });
        answers.forget(product.id);
      }
      putNewer(sales, saleKey(partition, "sale", sale), { version, value });
    },

    async readGroup(group) {
      const ids = [...rows].filter(([, row]) => row.group === group).map(([id]) => id);
      return { ids: ids.sort(byBytes), positions: everyPosition() };
    },

    async putCategoryEvents(fence, events) {
      check(fence);
      for (const event of events) categoryEvents.set(event.sequence, event);
    },

    async dropCategoryEvents(sequences) {
      for (const sequence of sequences) categoryEvents.delete(sequence);
    },

    async readCategoryEvents() {
      const events = [...categoryEvents.values()].sort((a, b) => a.sequence - b.sequence);
      return { events, positions: everyPosition() };
    },

    async readRows(_partition, ids) {
      return ids.map((id) => rows.get(id));
    },

    async putRows(fence, puts) {
      check(fence);
      const members = new Set<Identifier>();
      const prices = new Set<Identifier>();
      const fallen: Identifier[] = [];
      for (const { id, membership, pricing } of puts) {
        const row: ListingRow = rows.get(id) ?? {
          membership: undefined,
          created: undefined,
          group: null,
          direct: [],
          shown: [],
          priced: undefined,
          amount: undefined,
        };
        const moved = membership !== undefined && isNewer(membership.version, row.membership);
        const repriced = pricing !== undefined && rankOf(pricing) >= (ranks.get(id) ?? "");
        const created = membership && Math.min(membership.created, row.created ?? membership.created);
        const after: ListingRow = {
          ...row,
          ...(created !== undefined && { created }),
          ...(moved && {
            membership: membership.version,
            group: membership.group,
            direct: membership.direct,
            shown: membership.shown,
          }),
          ...(repriced && { priced: pricing.version, amount: pricing.amount }),
        };
        rows.set(id, after);
        const moves = String(after.shown) !== String(row.shown) || after.created !== row.created;
        if (moves) for (const category of [...row.shown, ...after.shown]) members.add(category);
        else if (after.amount !== row.amount) for (const category of after.shown) prices.add(category);
        if (isHalved(row.amount, after.amount)) fallen.push(id);
        if (repriced) ranks.set(id, rankOf(pricing));
        if (repriced && pricing.nextBoundary !== undefined) boundaries.set(id, pricing.nextBoundary);
        if (repriced && pricing.nextBoundary === undefined) boundaries.delete(id);
      }
      return { members: [...members], prices: [...prices].filter((id) => !members.has(id)), fallen };
    },

    async *readShown(partition, category) {
      const ids = [...rows].filter(([, { shown }]) => shown.includes(category)).map(([id]) => id);
      yield ids.filter(inPartition(partition));
    },

    async readListing(category, sort, offset, count) {
      const entries = [...rows]
        .filter(([, { shown }]) => shown.includes(category))
        .map(([id, { created, amount }]) => ({ id, created: created ?? 0, amount }));
      entries.sort(orderOf(sort));
      return {
        ids: entries.slice(offset, offset + count).map(({ id }) => id),
        total: entries.length,
        positions: everyPosition(),
      };
    },

    async readDue(partition, now, max) {
      const due = [...boundaries].filter(([id, moment]) => moment <= now && inPartition(partition)(id));
      return due
        .sort(([, a], [, b]) => a - b)
        .slice(0, max)
        .map(([id]) => id);
    },

    holds: (register, id) => registers.has(`${register}:${id}`),

    evict(goes) {
      let gone = 0;
      for (const key of registers.keys()) {
        const at = key.indexOf(":");
        if (goes(key.slice(0, at) as RegisterName, key.slice(at + 1) as Identifier) && registers.delete(key))
          gone++;
      }
      for (const id of reviews.keys()) if (goes("reviews", id) && reviews.delete(id)) gone++;
      return gone;
    },

    async clear() {
      const own = [positions, registers, reviews, ratings, sales, categoryEvents, rows, ranks, boundaries];
      for (const map of [...own, answers]) map.clear();
    },
  };
}

function isNewer(version: Version | undefined, than: Version | undefined): boolean {
  return version !== undefined && (than === undefined || version > than);
}
