import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { AnswerHandler, Answering, Asking } from "../../streams/asking.ts";
import { openAsking } from "../../streams/jetstream/asking.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { limits } from "../../streams/limits.ts";
import { LogUnavailable } from "../../streams/log.ts";
import { createMemoryAsking } from "../../streams/memory-asking.ts";
import { startServers, type TestServers } from "../servers.ts";

/** What asking promises, held against both adapters. */

const patience = { timeout: 20_000, interval: 10 };
/** Longer than a test may take: what is rejected before it was not rejected by it. */
const never = 600_000;

let servers: TestServers;
beforeAll(async () => {
  servers = await startServers("nats");
});
afterAll(() => servers.stop());

interface Ends {
  readonly asker: Asking;
  readonly one: Asking;
  readonly other: Asking;
  /** Resolves when whoever listens by now is reached by the asker. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Each is a process of its own to the server. */
async function openNats(): Promise<Ends> {
  const open = (name: string) => connectNats({ servers: [servers.natsUrl], name });
  const [first, second, third] = await Promise.all([open("asker"), open("one"), open("other")]);
  const all = [first, second, third];
  return {
    asker: openAsking(first),
    one: openAsking(second),
    other: openAsking(third),
    settle: async () => void (await Promise.all(all.map((connection) => connection.flush()))),
    close: async () => void (await Promise.all(all.map((connection) => connection.close()))),
  };
}

async function openMemory(): Promise<Ends> {
  const all = createMemoryAsking();
  return { asker: all, one: all, other: all, settle: async () => {}, close: async () => {} };
}

const adapters = [
  { adapter: "memory", open: openMemory },
  { adapter: "NATS", open: openNats },
];

const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const textOf = (answer: Uint8Array) => Buffer.from(answer).toString();
const echo: AnswerHandler = async (question) => bytes(`re: ${textOf(question)}`);

/** Topics are not used twice: what one test left behind is no part of the next. */
let topics = 0;
const newTopic = () => `asking.test.${topics++}`;

const ask = async ({ asker }: Ends, topic: string, text: string, deadlineMs = never) =>
  textOf(await asker.ask(topic, bytes(text), deadlineMs));

/** A handler whose answers wait. */
function held() {
  const questions: { readonly text: string; readonly answer: (text: string) => void }[] = [];
  const handler: AnswerHandler = (question) =>
    new Promise((resolve) => {
      questions.push({ text: textOf(question), answer: (text) => resolve(bytes(text)) });
    });
  return { questions, handler };
}

describe.each(adapters)("asking ($adapter)", ({ open }) => {
  let ends: Ends;
  const listening: Answering[] = [];
  beforeAll(async () => {
    ends = await open();
  });
  afterAll(async () => {
    for (const { close } of listening) close();
    await ends.close();
  });

  const listen = async (by: Asking, topic: string, handler: AnswerHandler): Promise<Answering> => {
    const answering = by.answer(topic, handler);
    listening.push(answering);
    await ends.settle();
    return answering;
  };

  test("a question is answered, on its topic, byte for byte", async () => {
    const [topic, another] = [newTopic(), newTopic()];
    await listen(ends.one, topic, async (question) => question.toReversed());
    await listen(ends.one, another, echo);
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    expect([...(await ends.asker.ask(topic, all, never))]).toEqual([...all].toReversed());
    expect([...(await ends.asker.ask(topic, new Uint8Array(0), never))]).toEqual([]);
    expect(await ask(ends, another, "hello")).toBe("re: hello");
  });

  test("where nobody listens it is said at once", async () => {
    await expect(ask(ends, newTopic(), "hello")).rejects.toThrow(LogUnavailable);
  });

  test("past the deadline it is said that there was no answer, and one that comes later is nobody's", async () => {
    const topic = newTopic();
    const { questions, handler } = held();
    await listen(ends.one, topic, handler);
    const late = ask(ends, topic, "late", 50);
    await expect(late).rejects.toThrow(LogUnavailable);
    await expect(late).rejects.toThrow("within 50 ms");
    await vi.waitFor(() => expect(questions).toHaveLength(1), patience);
    const next = ask(ends, topic, "next");
    await vi.waitFor(() => expect(questions).toHaveLength(2), patience);
    for (const { text, answer } of questions) answer(`re: ${text}`);
    expect(await next).toBe("re: next");
  });

  const silent: readonly (readonly [string, AnswerHandler])[] = [
    ["has no answer", async () => undefined],
    ["fails", () => Promise.reject(new Error("it failed"))],
    [
      "throws",
      () => {
        throw new Error("it threw");
      },
    ],
  ];

  test.each(silent)("who %s leaves it to another, and to the deadline", async (_, handler) => {
    const topic = newTopic();
    const heard: string[] = [];
    await listen(ends.one, topic, (question) => {
      heard.push(textOf(question));
      return handler(question);
    });
    await expect(ask(ends, topic, "alone", 50)).rejects.toThrow("within 50 ms");
    const { close } = await listen(ends.other, topic, echo);
    expect(await ask(ends, topic, "both")).toBe("re: both");
    close();
    await ends.settle();
    await expect(ask(ends, topic, "alone again", 50)).rejects.toThrow("within 50 ms");
    await vi.waitFor(() => expect(heard).toEqual(["alone", "both", "alone again"]), patience);
  });

  test("of two who answer the first counts", async () => {
    const topic = newTopic();
    const slow = held();
    await listen(ends.one, topic, slow.handler);
    await listen(ends.other, topic, async () => bytes("first"));
    expect(await ask(ends, topic, "who?")).toBe("first");
    await vi.waitFor(() => expect(slow.questions).toHaveLength(1), patience);
    slow.questions[0]?.answer("second");
    await ends.settle();
    expect(await ask(ends, topic, "who?")).toBe("first");
  });

  test("thousands at once get each its own answer, one more than allowed none", async () => {
    const topic = newTopic();
    const { questions, handler } = held();
    await listen(ends.one, topic, handler);
    const texts = Array.from({ length: limits.questionsMax }, (_, at) => `question ${at}`);
    const answers = texts.map((text) => ask(ends, topic, text));
    await expect(ask(ends, topic, "one too many")).rejects.toThrow(LogUnavailable);
    await vi.waitFor(() => expect(questions).toHaveLength(texts.length), patience);
    for (const { text, answer } of questions.toReversed()) answer(`re: ${text}`);
    expect(await Promise.all(answers)).toEqual(texts.map((text) => `re: ${text}`));
    const later = ask(ends, topic, "later");
    await vi.waitFor(() => expect(questions.at(-1)?.text).toBe("later"), patience);
    questions.at(-1)?.answer("there is room again");
    expect(await later).toBe("there is room again");
  });

  test("who closed hears no more, and answers what was asked before", async () => {
    const topic = newTopic();
    const { questions, handler } = held();
    const gone = await listen(ends.one, topic, handler);
    const before = ask(ends, topic, "before");
    await vi.waitFor(() => expect(questions).toHaveLength(1), patience);
    gone.close();
    const stays = await listen(ends.other, topic, echo);
    expect(await ask(ends, topic, "behind")).toBe("re: behind");
    questions[0]?.answer("as promised");
    expect(await before).toBe("as promised");
    expect(questions).toHaveLength(1);
    stays.close();
    await ends.settle();
    await expect(ask(ends, topic, "nobody")).rejects.toThrow("nobody answers");
  });
});

test("a lost link fails what was asked over it at once, and the same ends go on when it is back (NATS)", async () => {
  const ends = await openNats();
  const topic = newTopic();
  const { questions, handler } = held();
  ends.one.answer(topic, (question) =>
    textOf(question).startsWith("hold") ? handler(question) : echo(question),
  );
  await ends.settle();
  const asked = ask(ends, topic, "hold: before");
  await vi.waitFor(() => expect(questions).toHaveLength(1), patience);
  servers.signal("nats", "SIGKILL");
  await expect(asked).rejects.toThrow(LogUnavailable);
  await expect(ask(ends, topic, "hold: without a link")).rejects.toThrow(LogUnavailable);
  await vi.waitFor(async () => expect(await ask(ends, topic, "after")).toBe("re: after"), patience);
  questions[0]?.answer("too late");
  expect(await ask(ends, topic, "behind that")).toBe("re: behind that");
  // What was asked without a link was not kept for later.
  expect(questions).toHaveLength(1);
  await ends.close();
});

test("a server that stands still keeps nobody beyond the deadline (NATS)", async () => {
  const ends = await openNats();
  const topic = newTopic();
  ends.one.answer(topic, echo);
  await ends.settle();
  servers.signal("nats", "SIGSTOP");
  try {
    await expect(ask(ends, topic, "hello", 100)).rejects.toThrow(LogUnavailable);
  } finally {
    servers.signal("nats", "SIGCONT");
  }
  await vi.waitFor(async () => expect(await ask(ends, topic, "again")).toBe("re: again"), patience);
  await ends.close();
});

test("a connection that closes fails what was asked over it, and what is asked later (NATS)", async () => {
  const ends = await openNats();
  const topic = newTopic();
  ends.one.answer(topic, held().handler);
  await ends.settle();
  const asked = ask(ends, topic, "before");
  const closed = ends.close();
  await expect(asked).rejects.toThrow(LogUnavailable);
  await closed;
  await expect(ask(ends, topic, "after")).rejects.toThrow(LogUnavailable);
});
