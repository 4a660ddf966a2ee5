import { setTimeout as delay } from "node:timers/promises";
import { tokenOf } from "../../streams/identifier.ts";
import { partitionOf } from "../../streams/partition.ts";
import { publishedSubject } from "../../streams/subjects.ts";
import type { History, State } from "./history.ts";
import type { Lack } from "./judge.ts";
import type { Others } from "./judge-variants.ts";
import type { Reply, Tier } from "./tier.ts";
import type { HeardWords } from "./words.ts";

/** Which message was late or lost on the way to a tier that shows something old. */
export interface Cause {
  readonly code: CauseCode;
  /** For a person: names the message. */
  readonly text: string;
}

export const causeCodes = [
  "projector-skipped",
  "projector-behind",
  "store-emptied",
  "stored-answer-kept",
  "word-late",
  "word-unsaid",
  "word-lost",
  "word-unnamed",
  "word-ignored",
  "word-not-heard",
  "purge-lost",
  "boundary-missed",
  "not-examined",
] as const;
export type CauseCode = (typeof causeCodes)[number];

export interface Suspect {
  readonly tier: Tier;
  readonly history: History;
  readonly lack: Lack;
  readonly reply: Reply;
}

export interface Witnesses {
  readonly words: HeardWords;
  readonly redis: Tier;
  readonly nodes: readonly Tier[];
  readonly head: () => number;
  readonly others: Others;
}

/** A word that was heard this shortly before the question may still have been on its way to the node. */
const underWayMs = 20;
/** Owners speak once a second at least: what was not told by then is not told. */
const untoldMs = 2_500;
const pollMs = 50;

/** Asks the tiers before the suspect what they have by now. Costs up to two questions, and a wait for words. */
export async function diagnose(suspect: Suspect, witnesses: Witnesses): Promise<Cause> {
  const { tier, lack, history } = suspect;
  const { missed } = lack;
  if (missed === undefined) {
    const moment = new Date(lack.since).toISOString();
    return {
      code: "boundary-missed",
      text: `a sale began or ended at ${moment} and the price did not follow`,
    };
  }
  if (tier.kind === "redis") return causeInRedis(suspect, missed, witnesses);
  if (tier.kind === "node") return causeInNode(suspect, missed, witnesses);
  for (const node of witnesses.nodes) {
    const reply = await node.ask(history.id);
    if (lackIn(history, reply, missed, witnesses) !== undefined)
      return causeInNode({ ...suspect, tier: node, reply }, missed, witnesses);
  }
  return causeInEdge(suspect, missed, witnesses);
}

async function causeInRedis(suspect: Suspect, missed: State, witnesses: Witnesses): Promise<Cause> {
  const { history, reply } = suspect;
  const partition = partitionOf(tokenOf(history.id));
  const event = nameOf(missed);
  const position = reply.claims;
  if (position === undefined)
    return {
      code: "store-emptied",
      text: `Redis holds no position of partition ${partition}, so nothing of ${event}`,
    };
  const later = await onceReached(suspect, missed, witnesses);
  const left = later && lackIn(history, later, missed, witnesses);
  if (later !== undefined && left !== undefined && left.stored !== true)
    return {
      code: "projector-skipped",
      text: `the projector skipped ${event}: partition ${partition} stands at ${later.claims}, past it, and the read models lack it`,
    };
  // The answer that stands ready is read beside the registers, and may be of a moment before them.
  if (left !== undefined && lackIn(history, await witnesses.redis.ask(history.id), missed, witnesses)?.stored)
    return { code: "stored-answer-kept", text: `the answer that stands ready was not removed by ${event}` };
  if (position >= missed.sequence)
    return { code: "projector-behind", text: `the projector came to ${event} while the question was asked` };
  const end =
    later === undefined
      ? "and still does"
      : `and came to it ${later.askedAt - missed.time} ms behind the log`;
  return {
    code: "projector-behind",
    text: `the projector was behind: partition ${partition} stood at ${position}, before ${event}, ${end}`,
  };
}

/** What Redis holds when its position is past the event: which of the two the projector left out shows only then. */
async function onceReached(
  { history, reply }: Suspect,
  { sequence }: State,
  { redis }: Witnesses,
): Promise<Reply | undefined> {
  const deadline = performance.now() + untoldMs;
  for (let now = reply; ; now = await redis.ask(history.id)) {
    if (now.claims !== undefined && now.claims >= sequence) return now;
    if (performance.now() > deadline) return undefined;
    await delay(pollMs);
  }
}

async function causeInNode(suspect: Suspect, missed: State, witnesses: Witnesses): Promise<Cause> {
  const { reply, tier } = suspect;
  const told = await whatWasTold(suspect, missed, witnesses);
  if ("code" in told) return told;
  const { named, event } = told;
  return (reply.claims ?? 0) >= missed.sequence
    ? {
        code: "word-ignored",
        text: `${tier.name} says that it is at ${reply.claims} and did not act on ${named}, which told of ${event}`,
      }
    : { code: "word-not-heard", text: `${tier.name} did not hear ${named}, which told of ${event}` };
}

/** Every node has the event. */
async function causeInEdge(suspect: Suspect, missed: State, witnesses: Witnesses): Promise<Cause> {
  const told = await whatWasTold(suspect, missed, witnesses);
  if ("code" in told) return told;
  const tag = `product-${tokenOf((suspect.lack.variant ?? suspect.history).id)}`;
  return {
    code: "purge-lost",
    text: `the API shows ${told.event}, of which ${told.named} told, and the edge does not: the purge of the tag ${tag} was lost or is late`,
  };
}

/** The word that told of the event in time to whoever listens to words, or why there was none. */
async function whatWasTold(
  suspect: Suspect,
  missed: State,
  witnesses: Witnesses,
): Promise<Cause | { readonly named: string; readonly event: string }> {
  // A variant in the answer has a partition and words of its own.
  const history = suspect.lack.variant ?? suspect.history;
  const { id } = history;
  const stored = await witnesses.redis.ask(id);
  const storedLack = lackIn(history, stored, missed, witnesses);
  if (storedLack !== undefined)
    return causeInRedis({ ...suspect, history, lack: storedLack, reply: stored }, missed, witnesses);
  const event = nameOf(missed);
  const partition = partitionOf(tokenOf(id));
  const { words } = witnesses;
  const deadline = performance.now() + untoldMs;
  while (words.reached(partition) < missed.sequence && performance.now() < deadline) await delay(pollMs);
  const word = words.covering(partition, missed.sequence, id);
  if (word === undefined) {
    const reached = words.reached(partition);
    return reached >= missed.sequence
      ? {
          code: "word-lost",
          text: `no word about partition ${partition} covers ${event}, though words reach ${reached}: the one between was lost`,
        }
      : {
          code: "word-unsaid",
          text: `Redis has ${event}, and no word about partition ${partition} has told of it`,
        };
  }
  const named = `word ${word.count} of announcer ${word.by} (partition ${partition}, ${word.from ?? "none"} → ${word.to})`;
  if (word.heardAt > suspect.reply.askedAt - underWayMs)
    return { code: "word-late", text: `${named} came ${word.heardAt - missed.time} ms after ${event}` };
  if (!word.names)
    return { code: "word-unnamed", text: `${named} covers ${event} and does not name the product` };
  return { named, event };
}

/** What an answer of this moment lacks because of the event, or of one before it. */
function lackIn(
  history: History,
  reply: Reply,
  missed: State,
  { head, others }: Witnesses,
): Lack | undefined {
  const judgement = reply.judge(history, head(), others);
  if (judgement.verdict !== "placed") return undefined;
  const due = judgement.lacks.filter((lack) => lack.missed && lack.missed.sequence <= missed.sequence);
  return due.find(({ stored }) => stored !== true) ?? due[0];
}

function nameOf({ sequence, subject }: State): string {
  return `event ${sequence} (${publishedSubject(subject)})`;
}
