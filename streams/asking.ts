/**
 * Question and answer between processes, over a topic that both know, such as one partition's: many ask, and one or two
 * answer. Nothing is stored. An answer that did not come says nothing about what the question did, so that only
 * what may be asked again is asked this way.
 */
export interface Asking {
  /**
   * The first answer. Rejects with `LogUnavailable`: at once where nobody listens, where there is no link, and where
   * `limits.questionsMax` are under way; when the link is lost; and past the deadline.
   */
  ask(topic: string, bytes: Uint8Array, deadlineMs: number): Promise<Uint8Array>;

  /**
   * Every question on the topic comes to every handler of it, however many are with it already. A handler that gives
   * undefined, or fails, does not answer: another may.
   */
  answer(topic: string, handler: AnswerHandler): Answering;
}

export type AnswerHandler = (bytes: Uint8Array) => Promise<Uint8Array | undefined>;

export interface Answering {
  /** No more questions are taken. Those that were are still answered. */
  close(): void;
}
