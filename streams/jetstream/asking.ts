import { createInbox, type Msg, type NatsConnection } from "nats";
import type { Asking } from "../asking.ts";
import { limits } from "../limits.ts";
import { LogUnavailable } from "../log.ts";

/**
 * Asking over core NATS: one inbox for all questions, which tells their answers apart by the last token of the subject.
 * The client has such an inbox as well, but leaves a question whose link was lost to its deadline, and sends one that
 * was asked without a link whenever there is one again, maybe long after its asker has gone.
 */
export function openAsking(connection: NatsConnection): Asking {
  const inbox = createInbox();
  const waiting = new Map<string, Waiting>();
  let tokens = 0;
  let linked = connection.info !== undefined;

  connection.subscribe(`${inbox}.*`, {
    callback(error, message) {
      if (error !== null) return fail(error.message);
      const token = message.subject.slice(inbox.length + 1);
      const asked = waiting.get(token);
      // What comes behind the first answer, or behind the deadline, is heard by nobody.
      if (asked === undefined) return;
      forget(token, asked);
      if (isNobody(message)) asked.reject(new LogUnavailable(`nobody answers on ${asked.topic}`));
      else asked.resolve(message.data);
    },
  });

  function forget(token: string, { timer }: Waiting): void {
    clearTimeout(timer);
    waiting.delete(token);
  }

  function fail(reason: string): void {
    for (const [token, asked] of waiting) {
      forget(token, asked);
      asked.reject(new LogUnavailable(`no answer on ${asked.topic}: ${reason}`));
    }
  }

  async function watch(): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === "reconnect") linked = true;
      if (type !== "disconnect") continue;
      linked = false;
      fail("the link was lost");
    }
    linked = false;
    fail("the connection is closed");
  }
  void watch();

  return {
    async ask(topic, bytes, deadlineMs) {
      if (!linked) throw new LogUnavailable(`nobody can be asked on ${topic}: there is no link`);
      if (waiting.size >= limits.questionsMax)
        throw new LogUnavailable(`${waiting.size} questions are under way`);
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
      const token = (++tokens).toString(36);
      connection.publish(topic, bytes, { reply: `${inbox}.${token}` });
      const timer = setTimeout(() => {
        waiting.delete(token);
        reject(new LogUnavailable(`no answer on ${topic} within ${deadlineMs} ms`));
      }, deadlineMs);
      waiting.set(token, { topic, timer, resolve, reject });
      return promise;
    },
    answer(topic, handler) {
      async function take(message: Msg): Promise<void> {
        const answer = await handler(message.data);
        if (answer !== undefined) message.respond(answer);
      }
      const subscription = connection.subscribe(topic, {
        callback(error, message) {
          // A handler that failed, or whose connection is closed by now, does not answer.
          if (error === null) take(message).catch(() => {});
        },
      });
      return { close: () => subscription.unsubscribe() };
    },
  };
}

interface Waiting {
  readonly topic: string;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (reason: Error) => void;
}

/** The server's word that nobody listens: without a payload, and with a header. */
function isNobody({ data, headers }: Msg): boolean {
  return data.length === 0 && headers?.code === 503;
}
