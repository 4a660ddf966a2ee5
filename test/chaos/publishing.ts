import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { createStory, openingLength, type Story, type StorySettings } from "./story.ts";

/**
 * The publisher's lives, and what became of each event by all of them together.
 *
 * A new life begins at the first event whose fate the old one took to its grave, and tells everything from
 * there again under the same message ids, as an importer does that lost its last checkpoint.
 */
export interface Publishing {
  readonly fates: Fates;
  /** Resolves when everything that readers ask for was acknowledged. */
  opened(): Promise<void>;
  /** Ends it by SIGKILL and begins a new life. */
  kill(): Promise<void>;
  /** Ends it when what is under way has its fate. */
  stop(): Promise<void>;
}

export interface Fates {
  readonly tried: ReadonlySet<number>;
  /** By index, the sequence that the log gave. */
  readonly acked: ReadonlyMap<number, number>;
  readonly refused: ReadonlySet<number>;
  /** Given up without an answer: it may be in the log. */
  readonly unknown: ReadonlySet<number>;
  /** The highest acknowledged sequence that set this value of a product, by published subject. */
  newest(subject: string): number;
}

const perSecond = 600;

export function startPublishing(natsUrl: string, settings: StorySettings): Publishing {
  const story = createStory(settings);
  const book = createBook(story);
  let life = begin(0);

  function begin(from: number): Life {
    const script = "test/chaos/publisher-process.ts";
    const words = [natsUrl, JSON.stringify(settings), String(from), String(perSecond)];
    // In a group of its own: Ctrl-C is for the command, which lets its trial come to an end.
    const child = spawn(process.execPath, [script, ...words], {
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: child.stdout }).on("line", book.hear);
    return { process: child, ended: once(child, "close") };
  }

  return {
    fates: book,
    async opened() {
      const opened = await Promise.race([book.opened.then(() => true), life.ended.then(() => false)]);
      if (!opened) throw new Error("the publisher died before everything was there");
    },
    async kill() {
      life.process.kill("SIGKILL");
      await life.ended;
      life = begin(book.firstWithoutFate());
    },
    async stop() {
      life.process.stdin?.end();
      await life.ended;
      const { exitCode, signalCode } = life.process;
      if (exitCode !== 0) throw new Error(`the publisher died by itself: ${exitCode ?? signalCode}`);
    },
  };
}

interface Life {
  readonly process: ChildProcess;
  /** Resolves when it is over and all that it said is heard. */
  readonly ended: Promise<unknown>;
}

function createBook(story: Story) {
  const tried = new Set<number>();
  const acked = new Map<number, number>();
  const refused = new Set<number>();
  const unknown = new Set<number>();
  const newest = new Map<string, number>();
  const opened = Promise.withResolvers<void>();

  function acknowledge(index: number, sequence: number): void {
    acked.set(index, sequence);
    // What one life gave up, the next one may have told again.
    unknown.delete(index);
    refused.delete(index);
    const { subject, sets } = story.at(index);
    if (sets !== undefined) newest.set(subject, Math.max(newest.get(subject) ?? 0, sequence));
    if (index === openingLength - 1) opened.resolve();
  }

  return {
    tried,
    acked,
    refused,
    unknown,
    opened: opened.promise,
    newest: (subject: string) => newest.get(subject) ?? 0,
    hear(line: string) {
      const [word, index, sequence] = line.split(" ");
      if (word === "tried") tried.add(Number(index));
      if (word === "acked") acknowledge(Number(index), Number(sequence));
      if (acked.has(Number(index))) return;
      if (word === "refused") refused.add(Number(index));
      if (word === "unknown") unknown.add(Number(index));
    },
    /** Where a new life begins. */
    firstWithoutFate(): number {
      let last = 0;
      for (const index of tried) {
        last = Math.max(last, index + 1);
        if (!acked.has(index) && !refused.has(index) && !unknown.has(index)) return index;
      }
      return last;
    },
  };
}
