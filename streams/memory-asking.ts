import type { AnswerHandler, Asking } from "./asking.ts";
import { limits } from "./limits.ts";
import { LogUnavailable } from "./log.ts";

/** Asking within one process. */
export function createMemoryAsking(): Asking {
  const handlers = new Map<string, Set<AnswerHandler>>();
  let underWay = 0;

  return {
    async ask(topic, bytes, deadlineMs) {
      if (underWay >= limits.questionsMax) throw new LogUnavailable(`${underWay} questions are under way`);
      const listening = [...(handlers.get(topic) ?? [])];
      if (listening.length === 0) throw new LogUnavailable(`nobody answers on ${topic}`);
      const first = Promise.withResolvers<Uint8Array>();
      const late = () => first.reject(new LogUnavailable(`no answer on ${topic} within ${deadlineMs} ms`));
      const timer = setTimeout(late, deadlineMs);
      underWay++;
      for (const handle of listening) {
        void answerOf(handle, bytes).then((answer) => answer !== undefined && first.resolve(answer));
      }
      try {
        return await first.promise;
      } finally {
        clearTimeout(timer);
        underWay--;
      }
    },
    answer(topic, handler) {
      // The same function may be given twice: each time it is a listener of its own.
      const listener: AnswerHandler = (bytes) => handler(bytes);
      const listeners = handlers.get(topic) ?? new Set();
      handlers.set(topic, listeners.add(listener));
      return { close: () => void listeners.delete(listener) };
    },
  };
}

async function answerOf(handle: AnswerHandler, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await handle(bytes);
  } catch {
    return undefined;
  }
}
