import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Broadcast } from "../../streams/broadcast.ts";
import {
  ConsumerLost,
  type DeliveredWord,
  type DurableConsumer,
  lookBack,
  type OpenConsumer,
} from "../../streams/durable-consumer.ts";
import { openBroadcast } from "../../streams/jetstream/broadcast.ts";
import { openDurableConsumer } from "../../streams/jetstream/durable-consumer.ts";
import { limits } from "../../streams/limits.ts";
import { createMemoryBroadcast } from "../../streams/memory-broadcast.ts";
import { createMemoryConsumers } from "../../streams/memory-durable-consumer.ts";
import { changesSubject } from "../../streams/topology.ts";
import { openStreams, startServers, type TestServers } from "../servers.ts";

interface Overheard {
  readonly broadcast: Broadcast;
  readonly open: OpenConsumer;
  readonly server: TestServers | undefined;
  readonly connection: NatsConnection | undefined;
  close(): Promise<void>;
}

const adapters: readonly { readonly adapter: string; readonly start: () => Promise<Overheard> }[] = [
  {
    adapter: "memory",
    async start() {
      const broadcast = createMemoryBroadcast();
      const open = createMemoryConsumers(broadcast, Date.now);
      return { broadcast, open, server: undefined, connection: undefined, close: async () => {} };
    },
  },
  {
    adapter: "JetStream",
    async start() {
      const server = await startServers("nats");
      const { connection } = await openStreams(server.natsUrl);
      return {
        broadcast: openBroadcast(connection, changesSubject),
        open: (name) => openDurableConsumer(connection, "CHANGES", name),
        server,
        connection,
        async close() {
          await connection.close();
          await server.stop();
        },
      };
    },
  },
];

const textOf = ({ bytes }: DeliveredWord) => Buffer.from(bytes).toString();

async function take(consumer: DurableConsumer, count: number): Promise<readonly DeliveredWord[]> {
  const taken: DeliveredWord[] = [];
  await vi.waitFor(
    async () => {
      taken.push(...(await consumer.take(count - taken.length, 500)));
      expect(taken).toHaveLength(count);
    },
    { timeout: 20_000, interval: 1 },
  );
  return taken;
}

describe.each(adapters)("a durable consumer ($adapter)", ({ start }) => {
  let overheard: Overheard;
  let said = 0;
  beforeAll(async () => {
    overheard = await start();
  });
  afterAll(() => overheard.close());

  const say = (count: number) => {
    const words = Array.from({ length: count }, () => `word ${++said}`);
    for (const word of words) overheard.broadcast.publish(Buffer.from(word));
    return words;
  };

  test("what was said before it was opened is delivered as well, in order, each word once", async () => {
    const before = say(300);
    const consumer = await overheard.open("first");
    const after = say(300);
    const taken = await take(consumer, 600);
    expect(taken.map(textOf)).toEqual([...before, ...after]);
    expect(taken.map(({ sequence }) => sequence)).toEqual(taken.map((_, at) => at + 1));
    expect(taken.every(({ isKnown }) => !isKnown)).toBe(true);
    expect(Math.abs(Date.now() - (taken.at(-1)?.time ?? 0))).toBeLessThan(60_000);
    expect(await consumer.take(10, 20)).toEqual([]);
    await consumer.close();
  });

  test("who opens it next goes on behind what was acknowledged, and is told what came just before", async () => {
    const one = await overheard.open("resumed");
    const taken = await take(one, said);
    const floor = taken[399]?.sequence ?? 0;
    one.acknowledge(floor);
    const fresh = say(5);
    await take(one, 5);
    // Delivered, not acknowledged, and lost with its reader.
    await one.close();
    const next = await vi.waitFor(
      async () => {
        const opened = await overheard.open("resumed");
        const [first] = await take(opened, 1);
        expect(first?.sequence).toBe(floor + 1 - lookBack);
        return opened;
      },
      { timeout: 20_000, interval: 50 },
    );
    const again = await take(next, said - (floor + 1 - lookBack));
    expect(again.filter(({ isKnown }) => isKnown).at(-1)?.sequence).toBe(floor);
    expect(again.find(({ isKnown }) => !isKnown)?.sequence).toBe(floor + 1);
    expect(again.slice(-5).map(textOf)).toEqual(fresh);
    await next.close();
  });

  test("two names are two places", async () => {
    const [one, other] = [await overheard.open("one"), await overheard.open("other")];
    const taken = await take(one, said);
    one.acknowledge(taken.at(-1)?.sequence ?? 0);
    expect((await take(other, said)).every(({ isKnown }) => !isKnown)).toBe(true);
    await Promise.all([one.close(), other.close()]);
  });

  test("who is followed by another owner is told that its place was taken", async () => {
    const one = await overheard.open("taken");
    await take(one, said);
    const other = await overheard.open("taken");
    const words = say(3);
    await expect(
      (async () => {
        for (;;) await one.take(10, 100);
      })(),
    ).rejects.toThrow(ConsumerLost);
    expect((await take(other, said)).slice(-3).map(textOf)).toEqual(words);
    await Promise.all([one.close(), other.close()]);
  });

  test("a lost reader that nobody closes takes nothing from the one that follows it", async () => {
    const abandoned = await overheard.open("followed");
    await take(abandoned, said);
    const next = await overheard.open("followed");
    await take(next, said);
    await expect(
      (async () => {
        for (;;) await abandoned.take(10, 100);
      })(),
    ).rejects.toThrow(ConsumerLost);
    // A client asks again for what it misses after two heartbeats.
    const until = Date.now() + (overheard.server === undefined ? 100 : 6 * limits.heartbeatMs);
    while (Date.now() < until) {
      const words = say(2);
      expect((await take(next, 2)).map(textOf)).toEqual(words);
      await next.take(1, 50);
    }
    await next.close();
  });

  test("opening it twice without acknowledging anything loses nothing of the place", async () => {
    const first = await overheard.open("twice");
    say(lookBack + 20);
    const taken = await take(first, said);
    const floor = taken.at(-10)?.sequence ?? 0;
    first.acknowledge(floor);
    await vi.waitFor(
      async () => {
        if (overheard.connection === undefined) return;
        const manager = await jetstreamManager(overheard.connection);
        const { ack_floor } = await manager.consumers.info("CHANGES", "twice");
        expect(ack_floor.stream_seq).toBe(floor);
      },
      { timeout: 20_000, interval: 20 },
    );
    const opened = await overheard.open("twice");
    expect((await take(opened, lookBack))[0]?.sequence).toBe(floor + 1 - lookBack);
    await opened.close();
    const third = await overheard.open("twice");
    const again = await take(third, lookBack + 9);
    expect(again[0]?.sequence).toBe(floor + 1 - lookBack);
    expect(again.filter(({ isKnown }) => isKnown).at(-1)?.sequence).toBe(floor);
    await Promise.all([first.close(), third.close()]);
  });

  test("no more words are out than the limit says until some are acknowledged", async () => {
    const consumer = await overheard.open("bounded");
    say(limits.unacknowledgedMax);
    const taken = await take(consumer, limits.unacknowledgedMax);
    expect(await consumer.take(10, 300)).toEqual([]);
    consumer.acknowledge(taken[99]?.sequence ?? 0);
    const more = await take(consumer, 100);
    expect(more[0]?.sequence).toBe((taken.at(-1)?.sequence ?? 0) + 1);
    await consumer.close();
  });

  test("a server that was killed has kept the words and the place (JetStream)", async () => {
    const { server, broadcast } = overheard;
    if (server === undefined) return;
    const consumer = await overheard.open("survives");
    say(10);
    const taken = await take(consumer, Math.min(said, limits.unacknowledgedMax));
    consumer.acknowledge(taken.at(-1)?.sequence ?? 0);
    server.signal("nats", "SIGKILL");
    // Either reading goes on, or it is told that something may have been missed and opens again.
    let reading: DurableConsumer | undefined = consumer;
    const heard: string[] = [];
    await vi.waitFor(
      async () => {
        try {
          broadcast.publish(Buffer.from("after the kill"));
          reading ??= await overheard.open("survives");
          const words = await reading.take(1_000, 200);
          heard.push(...words.map(textOf));
          reading.acknowledge(words.at(-1)?.sequence ?? 0);
        } catch {
          await reading?.close();
          reading = undefined;
        }
        expect(heard).toContain("after the kill");
      },
      { timeout: 30_000, interval: 50 },
    );
    await reading?.close();
  });
});

test("the server holds the consumer as it was asked for, and one that is otherwise is made anew (JetStream)", async () => {
  const server = await startServers("nats");
  const { connection } = await openStreams(server.natsUrl);
  const manager = await jetstreamManager(connection);
  await manager.consumers.add("CHANGES", { durable_name: "odd", name: "odd", ack_policy: "none" });
  const consumer = await openDurableConsumer(connection, "CHANGES", "odd");
  const { config } = await manager.consumers.info("CHANGES", "odd");
  expect(config).toMatchObject({
    durable_name: "odd",
    ack_policy: "all",
    max_ack_pending: limits.unacknowledgedMax,
    max_deliver: -1,
  });
  await consumer.close();
  await connection.close();
  await server.stop();
});

test("the stream forgets by age and by bytes, drops the oldest and never refuses (JetStream)", async () => {
  const server = await startServers("nats");
  const connection = (await openStreams(server.natsUrl)).connection;
  const manager = await jetstreamManager(connection);
  const { config } = await manager.streams.info("CHANGES");
  expect(config).toMatchObject({ discard: "old", max_age: 600e9, max_bytes: 16 * 2 ** 20 });
  const broadcast = openBroadcast(connection, changesSubject);
  const large = Buffer.alloc(2 ** 20 - 1_024, "x");
  for (let each = 0; each < 20; each++) broadcast.publish(large);
  const state = await vi.waitFor(
    async () => {
      const info = await manager.streams.info("CHANGES");
      expect(info.state.last_seq).toBe(20);
      return info.state;
    },
    { timeout: 20_000, interval: 20 },
  );
  expect(state.first_seq).toBeGreaterThan(1);
  expect(state.bytes).toBeLessThanOrEqual(16 * 2 ** 20);
  await connection.close();
  await server.stop();
});
