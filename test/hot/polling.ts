import { Agent, get, type IncomingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** Clients that ask for one thing again and again, every few milliseconds, and note what they were shown and when. */

export interface Client {
  readonly name: string;
  readonly url: string;
  readonly path: string;
  /** Keeps its last answer, names its ETag, and takes a 304 for that answer. */
  readonly conditional: boolean;
  /** What is looked at in an answer, such as an amount. */
  readonly shownIn: (body: Body) => unknown;
}

export interface Body {
  readonly price?: Price | null;
  readonly items?: readonly { readonly id: string; readonly price: Price | null }[];
  readonly variants?: readonly { readonly id: string; readonly price: Price | null }[];
}

export interface Price {
  readonly amount: number;
  readonly list_amount: number | null;
  readonly sale: { readonly id: string; readonly ends_at: string } | null;
}

/** An answer as its reader has it: of a 304, what was kept. Times are whole milliseconds since 1970, rounded down. */
export interface Sighting {
  readonly client: string;
  readonly askedAt: number;
  readonly cameAt: number;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly etag: string | undefined;
  readonly text: string;
  readonly body: Body;
  readonly shown: unknown;
}

/** `pausesMs`: between an answer and the next question, in turn. `done` resolves, when each has asked for the last time, with all that they saw; it throws where one was not answered. */
export function startPolling(clients: readonly Client[], pausesMs: readonly number[]) {
  const seen: Sighting[] = [];
  let stopped = false;

  async function poll(client: Client): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let kept: Sighting | undefined;
    for (let turn = 0; !stopped; turn++) {
      kept = await ask(client, agent, client.conditional ? kept : undefined);
      seen.push(kept);
      await delay(pausesMs[turn % pausesMs.length]);
    }
    agent.destroy();
  }

  const polled = Promise.all(clients.map(poll));
  // Whoever fails meanwhile is heard of at the end.
  polled.catch(() => {});
  return {
    seen,
    async done(): Promise<readonly Sighting[]> {
      stopped = true;
      await polled;
      return seen;
    },
  };
}

function ask(client: Client, agent: Agent, kept: Sighting | undefined): Promise<Sighting> {
  const { name, url, path, shownIn } = client;
  const headers: Record<string, string> = kept?.etag === undefined ? {} : { "if-none-match": kept.etag };
  return new Promise((resolve, reject) => {
    const askedAt = Date.now();
    get(url + path, { agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const cameAt = Date.now();
        const status = response.statusCode ?? 0;
        const text = status === 304 && kept !== undefined ? kept.text : Buffer.concat(parts).toString();
        const body = JSON.parse(text) as Body;
        const { etag } = response.headers;
        const told = { client: name, askedAt, cameAt, status, headers: response.headers };
        resolve({ ...told, etag, text, body, shown: shownIn(body) });
      });
    }).on("error", reject);
  });
}

/** What is right from a moment to another one. */
export interface Shown {
  readonly shown: unknown;
  readonly from: number;
  readonly to: number;
}

/** How long after a moment that was known beforehand who asks may still be shown what was before it. */
export const lateMs = 50;

/**
 * The sightings of what nobody should have seen: of what was right neither at a moment between question and answer nor
 * shortly before the question.
 */
export const wrongAmong = (seen: readonly Sighting[], right: readonly Shown[]) =>
  seen
    .filter(
      ({ askedAt, cameAt, shown }) =>
        !right.some((one) => one.shown === shown && one.from <= cameAt && askedAt <= one.to + lateMs),
    )
    .map(({ client, askedAt, cameAt, shown, headers }) => {
      return { client, askedAt, cameAt, shown, told: headers["cache-status"] };
    });

/** Those who were turned away. */
export const failedAmong = (seen: readonly Sighting[]) =>
  seen
    .filter(({ status }) => status !== 200 && status !== 304)
    .map(({ client, status, text }) => ({ client, status, text }));

/** By client, what it saw, one behind the other. */
export function coursesOf(seen: readonly Sighting[]): Readonly<Record<string, readonly unknown[]>> {
  const courses: Record<string, unknown[]> = {};
  for (const { client, shown } of seen) {
    courses[client] ??= [];
    const course = courses[client];
    if (course.at(-1) !== shown) course.push(shown);
  }
  return courses;
}

/**
 * Whether somebody who saw this saw it in its course: from its beginning to its end, in order. Who stood still for a while,
 * as whoever shares a machine does, may have missed what was between them.
 */
export function isCourse(seen: readonly unknown[], course: readonly unknown[]): boolean {
  let at = 0;
  for (const shown of seen) {
    const found = course.indexOf(shown, at);
    if (found < 0) return false;
    at = found + 1;
  }
  return seen[0] === course[0] && at === course.length;
}
