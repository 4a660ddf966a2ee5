import type { Identifier } from "../../streams/identifier.ts";

/** Who holds the value of each product that was pushed last. Numbers name pushes, of this owner and of all before it. */
export interface Pushes {
  /** Its number. `awaited`: the workers that are to hold it. */
  begin(id: Identifier, awaited: readonly string[], at: number): number;
  /** Products that all who were to hold now do, by this word. */
  hear(by: string, pushes: readonly number[]): readonly Identifier[];
  /** Undefined where nothing was pushed. */
  standing(id: Identifier): { readonly holders: number; readonly of: number } | undefined;
  forget(id: Identifier): void;
}

interface Push {
  readonly push: number;
  readonly id: Identifier;
  readonly missing: Set<string>;
  readonly of: number;
}

/** Numbers that an owner has for each millisecond of its life, so that no other owner uses one of them. */
const perMs = 1_000;

export function createPushes(): Pushes {
  const byProduct = new Map<Identifier, Push>();
  const byNumber = new Map<number, Push>();
  let last = 0;

  function forget(id: Identifier): void {
    byNumber.delete(byProduct.get(id)?.push ?? 0);
    byProduct.delete(id);
  }

  return {
    begin(id, awaited, at) {
      if (last === 0) last = Math.floor(at) * perMs;
      forget(id);
      const push = { push: ++last, id, missing: new Set(awaited), of: awaited.length };
      byProduct.set(id, push);
      byNumber.set(push.push, push);
      return push.push;
    },
    hear: (by, pushes) =>
      pushes.flatMap((number) => {
        const push = byNumber.get(number);
        return push?.missing.delete(by) === true && push.missing.size === 0 ? [push.id] : [];
      }),
    standing(id) {
      const push = byProduct.get(id);
      return push && { holders: push.of - push.missing.size, of: push.of };
    },
    forget,
  };
}
