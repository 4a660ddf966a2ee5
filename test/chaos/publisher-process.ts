import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { openJetStreamLog } from "../../streams/jetstream/log.ts";
import { LogRefused } from "../../streams/log.ts";
import { createStory, openingLength, type StorySettings } from "./story.ts";

/**
 * A publisher in a process of its own, so that it can be killed:
 * `node publisher-process.ts NATS_URL STORY_SETTINGS FROM PER_SECOND`.
 *
 * It tells the story from event FROM on until its standard input ends, and writes each turn of each event's
 * fate to standard output at once, so that what it was doing when it was killed is known:
 * `tried INDEX`, then `acked INDEX SEQUENCE`, `refused INDEX` or `unknown INDEX`.
 */
const [, , natsUrl = "", settings = "", from = "", perSecond = ""] = process.argv;
const story = createStory(JSON.parse(settings) as StorySettings);

const inFlightMax = 256;
const tickMs = 10;
const deadlineMs = 1_500;

// The end of standard input says stop; it also comes when whoever started this process is gone.
process.stdin.resume();
const stopped = once(process.stdin, "end");

const connection = await connected();
const logs = {
  catalog: await openJetStreamLog(connection, "CATALOG"),
  activity: await openJetStreamLog(connection, "ACTIVITY"),
};

/** The server may be on its way up just now. */
async function connected(): ReturnType<typeof connectNats> {
  for (;;) {
    try {
      return await connectNats({ servers: [natsUrl], name: "publisher" });
    } catch (error) {
      if (process.stdin.readableEnded) throw error;
      await delay(50);
    }
  }
}

const say = (line: string) => process.stdout.write(`${line}\n`);
const flights = new Set<Promise<void>>();

async function publish(index: number): Promise<void> {
  const { log, subject, payload, headers = {} } = story.at(index);
  say(`tried ${index}`);
  try {
    const appended = await logs[log].append(subject, payload, {
      id: story.idOf(index),
      headers,
      deadlineMs,
    });
    if (appended.outcome === "conflict") throw new Error("a conflict, and nothing was expected");
    say(`acked ${index} ${appended.sequence}`);
  } catch (error) {
    say(`${error instanceof LogRefused ? "refused" : "unknown"} ${index}`);
  }
}

function begin(index: number): void {
  const flight = publish(index).finally(() => flights.delete(flight));
  flights.add(flight);
}

let next = Number(from);
// One by one: the readers begin when the opening is in the log, and its order is part of the story.
while (next < openingLength) await publish(next++);
let due = 0;
const ticking = setInterval(() => {
  due = Math.min(due + (Number(perSecond) * tickMs) / 1_000, inFlightMax);
  for (; due >= 1 && flights.size < inFlightMax; due--) begin(next++);
}, tickMs);

await stopped;
clearInterval(ticking);
await Promise.all(flights);
await connection.close();
process.exit();
