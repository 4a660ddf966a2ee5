import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { limits } from "../../streams/limits.ts";
import { openStreams, startServers, type TestServers } from "../servers.ts";

/** A tail's pulls, as the server has them. */

let server: TestServers;
let streams: Awaited<ReturnType<typeof openStreams>>;
beforeAll(async () => {
  server = await startServers("nats");
  streams = await openStreams(server.natsUrl);
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  await streams.connection.close();
  await server.stop();
});

const patience = { timeout: 10_000, interval: 20 };

test("the next pulls are there before the last ones end by their time, and nothing is made anew", async () => {
  const manager = await jetstreamManager(streams.connection);
  const consumers = () => manager.consumers.list("CATALOG").next();
  const waiting = async () => (await consumers()).reduce((sum, { num_waiting }) => sum + num_waiting, 0);
  const tail = streams.catalog.tail({ from: 1 });
  await tail.take(1, 0);
  await vi.waitFor(async () => expect(await waiting()).toBe(2), patience);
  const names = (await consumers()).map(({ name }) => name);
  const real = performance.now.bind(performance);
  vi.spyOn(performance, "now").mockImplementation(
    () => real() + limits.pullExpiresMs - limits.pullAheadMs + limits.heartbeatMs,
  );
  // The server has the old ones still.
  await vi.waitFor(async () => expect(await waiting()).toBe(4), patience);
  expect((await consumers()).map(({ name }) => name)).toEqual(names);
  await streams.catalog.append("catalog.price.updated.lamp", Buffer.from("{}"));
  expect((await tail.take(10, 5_000)).messages).toHaveLength(1);
  await tail.close();
});
