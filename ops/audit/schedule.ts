/**
 * What is to be asked when: each change at each offset after the log took it, of each tier. Changes come in the order of
 * the log, so what is due is the head of one queue for each offset. Each tier has its own bounded number of questions
 * under way; what is due while they are all taken waits its turn, and is given up when its time is over.
 */
export interface Schedule<Change> {
  add(change: Change, at: number): void;
  /** Asks what is due. */
  tick(now: number): void;
  /** Changes that have questions to come. */
  readonly pending: number;
  /** Whether nothing is to come and nothing is under way. */
  readonly idle: boolean;
}

export interface ScheduleOptions<Change> {
  /** Rising. */
  readonly offsetsMs: readonly number[];
  readonly tiers: number;
  readonly inFlightMax: number;
  /** Resolves when the question has its answer; never rejects. */
  readonly ask: (question: Question<Change>) => Promise<void>;
  /** Too late for what the question is about. */
  readonly giveUp: (question: Question<Change>) => void;
  readonly now: () => number;
}

export interface Question<Change> {
  readonly change: Change;
  readonly tier: number;
  readonly offsetMs: number;
}

/**
 * How long after its time a question may be asked and still count for its offset. The last one is always asked: that
 * its answer is right says less the later it comes, and no less than that.
 */
export const slackOf = (offsetMs: number) => Math.max(100, offsetMs / 10);

/** Questions of one tier that are due and wait for a place. */
const waitingMax = 50_000;

interface Due<Change> {
  readonly change: Change;
  readonly at: number;
}

interface Waiting<Change> extends Question<Change> {
  readonly dueAt: number;
}

export function createSchedule<Change>(options: ScheduleOptions<Change>): Schedule<Change> {
  const { offsetsMs, inFlightMax, ask, giveUp, now } = options;
  const lastOffset = offsetsMs.at(-1);
  const queues = offsetsMs.map(() => createQueue<Due<Change>>());
  const lanes = Array.from({ length: options.tiers }, () => ({
    waiting: createQueue<Waiting<Change>>(),
    inFlight: 0,
  }));

  function pump(tier: number): void {
    const lane = lanes[tier];
    while (lane !== undefined && lane.inFlight < inFlightMax) {
      const question = lane.waiting.shift();
      if (question === undefined) return;
      const { offsetMs, dueAt } = question;
      if (offsetMs !== lastOffset && now() - dueAt > slackOf(offsetMs)) {
        giveUp(question);
        continue;
      }
      lane.inFlight++;
      void ask(question).finally(() => {
        lane.inFlight--;
        pump(tier);
      });
    }
  }

  return {
    get pending() {
      return queues.reduce((sum, { length }) => sum + length, 0);
    },
    get idle() {
      return (
        queues.every(({ length }) => length === 0) &&
        lanes.every(({ waiting, inFlight }) => inFlight === 0 && waiting.length === 0)
      );
    },
    add(change, at) {
      queues[0]?.push({ change, at });
    },
    tick(at) {
      for (const [place, offsetMs] of offsetsMs.entries()) {
        const queue = queues[place];
        for (let due = queue?.first(); due !== undefined && due.at + offsetMs <= at; due = queue?.first()) {
          queue?.shift();
          const dueAt = due.at + offsetMs;
          for (const [tier, { waiting }] of lanes.entries()) {
            const question = { change: due.change, tier, offsetMs, dueAt };
            if (waiting.length < waitingMax) waiting.push(question);
            else giveUp(question);
          }
          queues[place + 1]?.push(due);
        }
      }
      for (const tier of lanes.keys()) pump(tier);
    },
  };
}

interface Queue<T> {
  readonly length: number;
  push(item: T): void;
  first(): T | undefined;
  shift(): T | undefined;
}

/** First in, first out, at a constant cost whatever its length. */
function createQueue<T>(): Queue<T> {
  let items: T[] = [];
  let taken = 0;
  return {
    get length() {
      return items.length - taken;
    },
    push: (item) => void items.push(item),
    first: () => items[taken],
    shift() {
      const item = items[taken++];
      if (taken > 1_024 && 2 * taken > items.length) {
        items = items.slice(taken);
        taken = 0;
      }
      if (taken > items.length) taken = items.length;
      return item;
    },
  };
}
