import { sameLog, revisionOf, sequenceOf, type Version, type Versions } from "../../projections/version.ts";
import type { AnswerRead, Position, ReadModel } from "../../projections/read-model.ts";
import { type Identifier, tokenOf } from "../../streams/identifier.ts";
import type { Journal } from "../../streams/journal.ts";
import { partitionOf } from "../../streams/partition.ts";
import type { Prepared } from "../answer.ts";
import { cachePolicies } from "../cache-policy.ts";
import type { Found } from "../reader.ts";
import { createAnswerDecoder, encodeAnswer } from "./answer-text.ts";
import type { Floors } from "./floors.ts";
import { isAhead, type MadeAnswer } from "./made-answer.ts";

/**
 * Assembled products as they leave, in Redis beside what they are made of: bytes and ETag are made once for each change
 * and not by each node that is asked. Products of a group are not among them, since their answers show others.
 *
 * Nothing is stored, and nothing stored is served, while a partition waits to be rebuilt: a rebuild replaces values and
 * leaves their versions as they are, so that no stamp tells what was made before it.
 *
 * Nor where the clock changes it soon: who holds that answer holds what comes behind the change as well, which takes the
 * registers. Nor while the last units are being sold, when it would be removed before anybody has read it.
 *
 * What is asked for in one turn of the event loop goes out as one command.
 */
export interface StoredAnswers {
  /** `done` hears undefined where none is stored that may be served as it is, and an error where the store does not answer. */
  ask(id: Identifier, wanted: AnswerWanted, done: (ready: ReadyAnswer | undefined | Error) => void): void;
  /** Stores an answer that was made of what the read models hold. What fails is made again by the next reader. */
  store(found: Found, answer: MadeAnswer): void;
}

export interface AnswerWanted {
  /** How old it may be, in milliseconds since the read models were known to equal the log. */
  readonly freshnessMs: number;
  /** The least position of the log that it includes, beside what this node has shown. */
  readonly due: number;
}

export interface ReadyAnswer {
  readonly prepared: Prepared;
  readonly validUntil: number | undefined;
  /** Everything about the product up to this sequence is included. */
  readonly sequence: number;
  /** When it was last known to equal the log, in milliseconds since 1970. */
  readonly knownAt: number;
  readonly tookMs: number;
}

interface Asked extends AnswerWanted {
  readonly done: (ready: ReadyAnswer | undefined | Error) => void;
}

/** Bounds how long Redis is busy with one command, and how much it answers at once. */
const idsPerCall = 256;
/** Answers on their way into the store; others are made again. */
const storingMax = 256;

export function createStoredAnswers(options: {
  readonly readModel: Pick<ReadModel, "readAnswers" | "putAnswer">;
  readonly floors: Floors;
  readonly versions: Versions;
  readonly now: () => number;
  readonly journal: Journal;
}): StoredAnswers {
  const { readModel, floors, versions, now, journal } = options;
  const revision = revisionOf(versions(0));
  const decode = createAnswerDecoder(versions);
  let ids: Identifier[] = [];
  let asked: Asked[] = [];
  let storing = 0;
  /** What was found of each partition's last position: it moves far less often than it is read. */
  const judged: { readonly version: Version; readonly sequence: number | undefined }[] = [];

  function flush(): void {
    if (ids.length === 0) return;
    const turn = { ids, asked };
    const begunAt = performance.now();
    ids = [];
    asked = [];
    readModel.readAnswers(turn.ids).then(
      (reads) => {
        const at = now();
        const tookMs = performance.now() - begunAt;
        for (let index = 0; index < turn.ids.length; index++) {
          const one = turn.asked[index] as Asked;
          tell(one, readyOf(turn.ids[index] as Identifier, reads[index] as AnswerRead, one, at, tookMs));
        }
      },
      (error: Error) => {
        for (const one of turn.asked) tell(one, error);
      },
    );
  }

  /** Who fails with what it is told must not keep it from the others. */
  function tell({ done }: Asked, ready: ReadyAnswer | undefined | Error): void {
    try {
      done(ready);
    } catch (error) {
      journal.error({ err: error }, "an answer could not be given");
    }
  }

  function readyOf(
    id: Identifier,
    { position, answer }: AnswerRead,
    { due, freshnessMs }: AnswerWanted,
    at: number,
    tookMs: number,
  ): ReadyAnswer | undefined {
    if (position === undefined || answer === undefined) return undefined;
    const reached = reachedBy(partitionOf(tokenOf(id)), position);
    if (reached === undefined || !(at - position.headAt <= freshnessMs) || reached < due) return undefined;
    const stored = decode(id, answer);
    if (stored === undefined) return undefined;
    const { prepared, newest, validUntil } = stored;
    if (newest > reached || isAhead(validUntil, at)) return undefined;
    if (reached < floors.raise(id, newest)) return undefined;
    return { prepared, validUntil, sequence: reached, knownAt: position.headAt, tookMs };
  }

  /** The sequence that a partition has reached; undefined for one of another log, and for one that waits. */
  function reachedBy(partition: number, { version }: Position): number | undefined {
    const last = judged[partition];
    if (last?.version === version) return last.sequence;
    const sequence = mayAnswer(version) ? sequenceOf(version) : undefined;
    judged[partition] = { version, sequence };
    return sequence;
  }

  const mayAnswer = (position: Version) => sameLog(position, versions(0)) && revisionOf(position) >= revision;

  return {
    ask(id, { freshnessMs, due }, done) {
      if (ids.length === 0) setImmediate(flush);
      ids.push(id);
      asked.push({ freshnessMs, due, done });
      if (ids.length === idsPerCall) flush();
    },

    store({ state: { id }, stamp, newest }, { prepared, validUntil, lastCallUntil = 0 }) {
      if (stamp === undefined || storing >= storingMax || !mayAnswer(stamp.position)) return;
      if (isAhead(validUntil, now()) || now() < lastCallUntil) return;
      storing++;
      readModel
        .putAnswer(id, stamp, encodeAnswer(versions(newest), prepared, validUntil))
        .catch(() => {})
        .finally(() => storing--);
    },
  };
}

const { shows } = cachePolicies.productAssembled;

/** A ready answer, with what it shows and what it depends on. */
export function madeOf(
  id: Identifier,
  { prepared, validUntil, sequence, knownAt }: Omit<ReadyAnswer, "tookMs">,
): MadeAnswer {
  const partitions = [partitionOf(tokenOf(id))];
  return {
    prepared,
    source: "redis",
    sequence,
    knownAt,
    validUntil,
    degraded: false,
    products: new Map([[id, sequence]]),
    subject: id,
    shows,
    names: [],
    partitions,
    positionOf: partitions,
  };
}
