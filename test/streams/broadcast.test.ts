import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Broadcast } from "../../streams/broadcast.ts";
import { connectNats } from "../../streams/jetstream/connection.ts";
import { openBroadcast } from "../../streams/jetstream/broadcast.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { startServers, type TestServers } from "../servers.ts";

/** What a broadcast promises, held against both adapters. */

const patience = { timeout: 20_000, interval: 10 };
let servers: TestServers;
beforeAll(async () => {
  servers = await startServers("nats");
});
afterAll(() => servers.stop());

interface Ends {
  readonly speaker: Broadcast;
  readonly hearer: Broadcast;
  close(): Promise<void>;
}

/** Speaker and hearer are two processes to the server. */
async function openNats(): Promise<Ends> {
  const [one, other] = await Promise.all(
    ["speaker", "hearer"].map((name) => connectNats({ servers: [servers.natsUrl], name })),
  );
  if (one === undefined || other === undefined) throw new Error("there is no connection");
  return {
    speaker: openBroadcast(one, "changes.test"),
    hearer: openBroadcast(other, "changes.test"),
    close: async () => {
      await Promise.all([one.close(), other.close()]);
    },
  };
}

const adapters = [
  {
    adapter: "memory",
    async open(): Promise<Ends> {
      const both = createMemoryBroadcast();
      return { speaker: both, hearer: both, close: async () => {} };
    },
  },
  { adapter: "NATS", open: openNats },
];

/** Listens, and returns once it is heard: a subscription takes a moment to reach the server. */
async function listen({ speaker, hearer }: Ends, name: string) {
  const heard: string[] = [];
  let missed = 0;
  const listening = hearer.listen({
    hear: (bytes) => heard.push(Buffer.from(bytes).toString()),
    missed: () => missed++,
  });
  await vi.waitFor(() => {
    speaker.publish(Buffer.from(name));
    expect(heard).toContain(name);
  }, patience);
  return { heard: () => heard.filter((word) => word !== name), missed: () => missed, close: listening.close };
}

describe.each(adapters)("a broadcast ($adapter)", ({ open }) => {
  let ends: Ends;
  beforeAll(async () => {
    ends = await open();
  });
  afterAll(() => ends.close());

  test("what is said is heard by all who listen, in order", async () => {
    const [one, other] = [await listen(ends, "one"), await listen(ends, "other")];
    const words = Array.from({ length: 500 }, (_, at) => `word ${at}`);
    for (const word of words) ends.speaker.publish(Buffer.from(word));
    for (const { heard } of [one, other])
      await vi.waitFor(
        () => expect(heard().filter((word) => word.startsWith("word"))).toEqual(words),
        patience,
      );
    one.close();
    other.close();
  });

  test("who has stopped listening hears nothing, and the others do", async () => {
    const [gone, stays] = [await listen(ends, "gone"), await listen(ends, "stays")];
    gone.close();
    ends.speaker.publish(Buffer.from("later"));
    await vi.waitFor(() => expect(stays.heard()).toContain("later"), patience);
    expect(gone.heard()).not.toContain("later");
    stays.close();
  });
});

test("a link that was lost is told of, and so is its return (NATS)", async () => {
  const ends = await openNats();
  const { heard, missed, close } = await listen(ends, "before");
  expect(missed()).toBe(0);
  servers.signal("nats", "SIGKILL");
  await vi.waitFor(() => expect(missed()).toBeGreaterThanOrEqual(2), patience);
  await vi.waitFor(() => {
    ends.speaker.publish(Buffer.from("after"));
    expect(heard()).toContain("after");
  }, patience);
  close();
  await ends.close();
  // Nobody is there to hear it, and nothing is thrown.
  ends.speaker.publish(Buffer.from("too late"));
});
