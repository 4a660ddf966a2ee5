import { identifierBytesMax } from "../streams/identifier.ts";

/**
 * A limit on everything a client may send and on how long it may take, with its unit in its name. Their
 * relations are asserted where this file is loaded.
 */

/** Products in one `?ids=`. */
const batchMax = 100;
/** What percent-encoding makes of the longest identifier. */
const encodedIdentifierBytesMax = 3 * identifierBytesMax;

export const limits = {
  /** Purge tags of one answer, and the bytes of their list. */
  tagsMax: 50,
  tagBytesMax: 4 * 1024,
  /** Requests that one connection may bring at once. */
  pipelinedMax: 16,
  batchMax,
  /** One product asked for a hundred times is given a hundred times. */
  batchBytesMax: 16 * 1024 * 1024,
  /** Any address but the batch's, which has room for its longest identifiers, each byte percent-encoded. */
  urlBytesMax: 2 * 1024,
  batchUrlBytesMax: batchMax * (encodedIdentifierBytesMax + 1) + 1024,
  /** Names and values of all headers together, without the address. */
  headerBytesMax: 8 * 1024,
  headersMax: 64,
  /** Request line and headers, as the parser counts them: its buffer for one connection. */
  headBytesMax: 48 * 1024,
  bodyBytesMax: 64 * 1024,
  /** How deep JSON may nest, and how many values it may hold in all. */
  jsonDepthMax: 16,
  jsonValuesMax: 1_000,
  /** The `Authorization` header of one request: above it nothing is parsed or verified. */
  tokenBytesMax: 4 * 1024,

  /** From a connection's first moment, or a request's first byte, to the end of its headers. */
  headersMs: 5_000,
  /** To the end of its body. */
  requestMs: 10_000,
  /** How often the two above are looked at. */
  checkMs: 1_000,
  /** A connection on which nothing moves while a request is under way, as when its answer is not read. */
  stalledMs: 15_000,
  /** Between two requests: above the 60 s after which common load balancers give a connection up. */
  keepAliveMs: 70_000,
  /** How long a refused connection may take to read why. */
  lingerMs: 1_000,
  connectionsMax: 16_384,
  /** Then a client connects anew, which spreads clients over nodes that were added meanwhile. */
  requestsPerConnectionMax: 10_000,
  /** How long a closing port may wait for a moment in which nobody connects. */
  acceptMs: 500,
  /** A connection that was not used for this long after the port closed is idle. */
  drainIdleMs: 500,
  /** What is still under way this long after the port closed is cut. */
  drainMs: 5_000,
  /** How often a draining server looks at its connections. */
  sweepMs: 50,

  /** Requests under way at once, beyond which others wait; it falls to the least under load that is too much. */
  inFlight: 512,
  inFlightMin: 32,
  /** While those under way are stuck in a tier that does not answer. */
  inFlightMax: 4_096,
  /** Answers that take longer are slow: above the 250 ms after which a tier is given up for another one. */
  answerTargetMs: 300,
  /** Requests that were on average this old when they were first seen: the event loop is behind. */
  arrivalLateMs: 25,
  /** How often the number under way is adapted. */
  admissionWindowMs: 100,
  /** How long a request waits to be begun before it is refused. */
  patienceMs: 1_000,
  roomMax: 8_192,
  /** Once somebody has waited at each moment for so long, the newest goes first. */
  roomStandingMs: 250,
  /** How often those who wait are looked at, and how many are refused then: 1,000 a second take a twentieth of a core. */
  roomTickMs: 50,
  refusalsPerTickMax: 50,

  /** Verified tokens that a process remembers; each takes about 200 bytes. */
  verifiedTokensMax: 10_000,
  clockSkewSeconds: 60,
  /** One request for the key set. */
  keySetMs: 2_000,
  keySetBytesMax: 128 * 1024,
  /** A key set this old is fetched again behind the request that noticed. */
  keySetRefreshMs: 5 * 60_000,
  /** From this age on a request waits for the fetch; should that fail, the old keys stand. */
  keySetTrustedMs: 10 * 60_000,
  /** Between two fetches, so that tokens with made-up key ids cannot make us knock at every request. */
  keySetCooldownMs: 30_000,
  /** The same after a fetch that failed. */
  keySetRetryMs: 5_000,
} as const;

const relations: readonly [boolean, string][] = [
  [
    limits.headBytesMax >= limits.batchUrlBytesMax + limits.headerBytesMax,
    "the parser must have room for the longest batch with all its headers",
  ],
  [limits.headerBytesMax > limits.tokenBytesMax, "a token must fit beside other headers"],
  [limits.urlBytesMax > encodedIdentifierBytesMax + 256, "the longest identifier must have an address"],
  [limits.headersMs <= limits.requestMs, "a request ends after its headers"],
  [limits.stalledMs > limits.requestMs + limits.checkMs, "who sends slowly is told so before being cut"],
  [limits.drainMs > limits.drainIdleMs + limits.sweepMs, "idle connections are closed before all are"],
  [
    limits.inFlightMin <= limits.inFlight && limits.inFlight <= limits.inFlightMax,
    "a limit lies in its bounds",
  ],
  [limits.roomStandingMs < limits.patienceMs, "the newest goes first before the oldest is refused"],
  [limits.patienceMs + limits.answerTargetMs < limits.stalledMs, "who waits is not taken for stalled"],
  [limits.keySetTrustedMs > limits.keySetRefreshMs, "keys are fetched again while they are still trusted"],
];
for (const [holds, reason] of relations)
  if (!holds) throw new Error(`limits contradict each other: ${reason}`);
