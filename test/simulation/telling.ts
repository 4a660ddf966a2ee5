import type { ReadModel } from "../../projections/read-model.ts";
import { sequenceOf, type Version } from "../../projections/version.ts";

/** Tells a process's writes to the read models, in short: which values, and which place in the log they stand for. */
export function telling(readModel: ReadModel, tell: (what: string) => void): ReadModel {
  return new Proxy(readModel, {
    get(target, name: string) {
      const method = Reflect.get(target, name);
      const describe = words[name as keyof typeof words];
      if (describe === undefined) return method;
      return (...args: readonly unknown[]) => {
        const what = (describe as (...args: readonly unknown[]) => string)(...args);
        if (what !== "") tell(what);
        return Reflect.apply(method, target, args);
      };
    },
  });
}

const at = (version: Version | undefined) => (version === undefined ? "none" : String(sequenceOf(version)));
const list = (items: readonly string[]) => items.join(", ");

const words: { readonly [Name in keyof ReadModel]?: (...args: Parameters<ReadModel[Name]>) => string } = {
  putRegisters: (_, puts) =>
    puts.length === 0
      ? ""
      : `writes ${list(puts.map(({ register, id, version }) => `${register} of ${id}@${at(version)}`))}`,
  refillRegisters: (_, puts) =>
    puts.length === 0
      ? ""
      : `puts back ${list(puts.map(({ register, id, version }) => `${register} of ${id}@${at(version)}`))}`,
  putReviews: ({ partition, position }, puts) =>
    `writes reviews of ${list(puts.map(({ id, version }) => `${id}@${at(version)}`))} while partition ${partition} is at ${at(position)}`,
  putRatings: ({ partition, position }, puts) =>
    `writes the rating of ${list(puts.map(({ id, version }) => `${id}@${at(version)}`))} while partition ${partition} is at ${at(position)}`,
  putSale: ({ partition, position }, { sale, version, products }) =>
    `writes the sale ${sale}@${at(version)} for ${list(products.map(({ id }) => id))} while partition ${partition} is at ${at(position)}`,
  putRows: ({ partition, position }, puts) =>
    puts.length === 0
      ? ""
      : `writes rows of ${list(puts.map(({ id, membership, pricing }) => `${id}@${at(membership?.version)}/${at(pricing?.version)}`))} while partition ${partition} is at ${at(position)}`,
  putCategoryEvents: (_, events) =>
    events.length === 0
      ? ""
      : `writes category events ${list(events.map(({ sequence }) => String(sequence)))}`,
  advance: (_, moves) => {
    const moved = moves.filter(({ from, to }) => from !== to);
    return moved.length === 0
      ? ""
      : `moves ${list(moved.map(({ partition, from, to }) => `partition ${partition} from ${at(from)} to ${at(to)}`))}`;
  },
};
