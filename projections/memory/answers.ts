import type { Identifier } from "../../streams/identifier.ts";
import type { Position, ReadModel, Stamp } from "../read-model.ts";

/** Stored answers in memory. Whoever changes what a product's answer shows calls `forget`. */
export interface MemoryAnswers extends Pick<ReadModel, "readAnswers" | "putAnswer"> {
  forget(id: Identifier): void;
  clear(): void;
}

export function createMemoryAnswers(options: {
  readonly positionOf: (id: Identifier) => Position | undefined;
  readonly stampOf: (id: Identifier) => Stamp | undefined;
}): MemoryAnswers {
  const { positionOf, stampOf } = options;
  const answers = new Map<Identifier, Buffer>();
  return {
    async readAnswers(ids) {
      return ids.map((id) => ({ position: positionOf(id), answer: answers.get(id) }));
    },
    async putAnswer(id, stamp, answer) {
      const now = stampOf(id);
      if (now?.position === stamp.position && now.parts === stamp.parts) answers.set(id, answer);
    },
    forget(id) {
      answers.delete(id);
    },
    clear() {
      answers.clear();
    },
  };
}
