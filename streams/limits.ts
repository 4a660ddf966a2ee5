import { payloadBytesMax } from "./events.ts";

/**
 * A limit on everything the log side does, with its unit in its name. Their relations are asserted where
 * this file is loaded, so that a change which breaks one stops the start and not the midnight.
 */
export const limits = {
  /** A message above this is refused by the log at once; up to it, it is stored and then judged. */
  messageBytesMax: 1120 * 1024,
  /** `max_payload` of nats.conf: what any message may have, the quarantine's copy with its reason included. */
  payloadBytesMax: 1152 * 1024,
  /** How long the server remembers a message id. */
  duplicateWindowMs: 120_000,
  /** One try of an append; then its outcome is unknown and it is tried again with the same id. */
  appendTryMs: 1_500,
  appendDeadlineMs: 10_000,
  appendsInFlightMax: 512,
  /** One read of the log. */
  readMs: 1_000,
  /** What one tail holds in memory before anyone took it. */
  tailMessagesMax: 8_192,
  pullMessages: 4_096,
  pullBytes: 8 * 1024 * 1024,
  pullExpiresMs: 30_000,
  /** So long before a pull ends by its time the next one is made. */
  pullAheadMs: 2_500,
  heartbeatMs: 1_000,
  /** No message and no heartbeat for this long: the consumer is gone and is made anew. */
  silenceMs: 3_500,
  /** A partition's owner that has not renewed for this long has lost it. */
  leaseTtlMs: 5_000,
  leaseRenewMs: 1_500,
  /** One request about a lease. */
  leaseAskMs: 1_000,
  /** Words that a durable consumer's reader may have out at once, and those that one pull brings. */
  unacknowledgedMax: 2_048,
  pullWords: 512,
  /** A durable consumer's words stay with its reader; it is the next reader that gets them again. */
  acknowledgeMs: 600_000,
  /** Questions of one connection that wait for their answers. */
  questionsMax: 4_096,
} as const;

const relations: readonly [boolean, string][] = [
  [
    limits.messageBytesMax > payloadBytesMax,
    "an event above the payload limit must still reach the quarantine",
  ],
  [
    limits.payloadBytesMax >= limits.messageBytesMax + 32 * 1024,
    "a quarantined copy carries its reason as well",
  ],
  [limits.pullBytes > limits.messageBytesMax, "one pull must fit the largest message"],
  [limits.tailMessagesMax >= 2 * limits.pullMessages, "one pull travels while another is being worked on"],
  [limits.appendDeadlineMs < limits.duplicateWindowMs / 2, "a retry must meet the memory of its first try"],
  [limits.silenceMs > 3 * limits.heartbeatMs, "one late heartbeat is not silence"],
  [limits.pullAheadMs > 2 * limits.heartbeatMs, "a pull is renewed by who looks once a heartbeat"],
  [limits.leaseTtlMs > 3 * limits.leaseRenewMs, "a lease survives two lost renewals"],
  [limits.unacknowledgedMax > 2 * limits.pullWords, "a pull travels while the words of another are out"],
  [
    limits.leaseTtlMs > 2 * limits.leaseAskMs + limits.leaseRenewMs,
    "a renewal without an answer is asked again in time",
  ],
];
for (const [holds, reason] of relations)
  if (!holds) throw new Error(`limits contradict each other: ${reason}`);
