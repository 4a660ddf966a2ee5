/**
 * Word from process to process, for who is there to hear it: no storage, no acknowledgement, in the sender's order,
 * at most once. What matters is learnt again elsewhere; a listener is told when it may have missed something.
 */
export interface Broadcast {
  /** Never waits and never throws: without a link the word is lost. */
  publish(bytes: Uint8Array): void;
  listen(listener: Listener): Listening;
}

export interface Listener {
  hear(bytes: Uint8Array): void;
  /** The link was lost, or came back, or `hear` threw: anything may have been said meanwhile. */
  missed(): void;
}

export interface Listening {
  close(): void;
}
