import type { Night } from "./night.ts";

/** What is killed at the very moment at which the sale starts. */
export interface Fault {
  readonly name: string;
  /** For the report. */
  readonly story: string;
  /** Finds it beforehand. What is returned kills it, and resolves when everything runs again. */
  aim(night: Night): Promise<() => Promise<void>>;
}

/** What every other trial of its seed is held against. */
export const nothing: Fault = {
  name: "none",
  story: "nothing is killed",
  aim: async () => async () => {},
};

export const faults: readonly Fault[] = [
  {
    name: "owner",
    story: "kill -9 of the actors process that looks after hot products; the other one takes over",
    async aim(night) {
      const owner = await night.owner();
      if (owner === undefined) throw new Error("nobody looks after hot products");
      return () => owner.kill();
    },
  },
  {
    name: "node",
    story: "kill -9 of one of the two API nodes, which is started again; its readers go to the other one",
    aim:
      async ({ nodes: [first] }) =>
      () =>
        first.kill(),
  },
  {
    name: "redis",
    story: "kill -9 of redis-server, which its supervisor starts again, empty",
    aim: async (night) => () => night.killRedis(),
  },
];
