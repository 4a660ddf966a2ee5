import type { Identifier } from "../../streams/identifier.ts";
import type { Position, ReadModel } from "../read-model.ts";

/** Stored answers in memory. Whoever changes what a product's answer shows calls `forget`. */
export interface MemoryAnswers extends Pick<ReadModel, "readAnswers" | "putAnswer"> {
  forget(id: Identifier): void;
  clear(): void;
}

export function createMemoryAnswers(options: {
  readonly positionOf: (id: Identifier) => Position | undefined;
  readonly stampOf: (id: Identifier) => string | undefined;
}): MemoryAnswers {
  const { positionOf, stampOf } = options;
  const answers = new Map<Identifier, Buffer>();
  return {
    async readAnswers(ids) {
      return ids.map((id) => ({ position: positionOf(id), answer: answers.get(id) }));
    },
    async putAnswer(id, stamp, answer) {
      if (stampOf(id) === stamp) answers.set(id, answer);
    },
    forget(id) {
      answers.delete(id);
    },
    clear() {
      answers.clear();
    },
  };
}
