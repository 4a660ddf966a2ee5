import { afterAll, beforeAll, expect, test } from "vitest";
import { exchange } from "../../ops/embedded/exchange.ts";
import { decodeEvent } from "../../streams/events.ts";
import { openStreams, startServers, type TestServers, type TestStreams } from "../servers.ts";
import { textOf } from "./reading.ts";

/** A publisher needs no client of ours, nor any: these speak NATS over a plain socket, without headers. */

let servers: TestServers;
let streams: TestStreams;
beforeAll(async () => {
  servers = await startServers("nats");
  streams = await openStreams(servers.natsUrl);
});
afterAll(async () => {
  await streams.connection.close();
  await servers.stop();
});

const say = (lines: string, until: RegExp) =>
  exchange(Number(new URL(servers.natsUrl).port), `CONNECT {"verbose":false}\r\n${lines}`, (text) =>
    until.test(text),
  );

function pub(subject: string, payload: string, reply = ""): string {
  return `PUB ${subject} ${reply} ${Buffer.byteLength(payload)}\r\n${payload}\r\n`;
}

async function publish(subject: string, payload: string): Promise<void> {
  expect(await say(`${pub(subject, payload)}PING\r\n`, /PONG\r\n/)).toContain("PONG");
}

test("a bare PUB is an event", async () => {
  await publish("catalog.price.updated.85123A", '{"new_price":{"amount":1999,"currency":"GBP"}}');
  const message = await streams.catalog.next("log.catalog.*.price.updated.85123A", 1);
  expect(message?.headers).toBeUndefined();
  expect(message && decodeEvent(message)).toMatchObject({
    kind: "price.updated",
    id: "85123A",
    at: message?.time,
    data: { new_price: { amount: 1999, currency: "GBP" } },
  });
});

test("with a reply subject the publisher hears where in the log it is", async () => {
  const request = pub("catalog.inventory.changed.85123A", '{"new_quantity":5}', "inbox");
  const answer = await say(`SUB inbox 1\r\n${request}`, /MSG inbox 1 +\d+\r\n.*\r\n/);
  const { last } = await streams.catalog.bounds();
  expect(JSON.parse(/MSG inbox 1 +\d+\r\n(.*)\r\n/.exec(answer ?? "")?.[1] ?? "{}")).toMatchObject({
    stream: "CATALOG",
    seq: last,
  });
});

test.each([
  "catalog.x",
  "catalog.price.updated.lamp.red",
  "catalog.price",
  "log.catalog.99.price.updated.lamp",
])("%s is kept, as something that is no event", async (subject) => {
  await publish(subject, "hello");
  const message = await streams.catalog.last(subject, "leader");
  expect(textOf(message)).toBe("hello");
  expect(message && decodeEvent(message)).toHaveProperty("reason");
});
