import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tokenOf } from "../../streams/identifier.ts";
import { allPartitions, partitionCount, partitionOf } from "../../streams/partition.ts";
import {
  type EventKind,
  eventKinds,
  parseStoredSubject,
  publicSubject,
  publishedSubject,
  storedSubject,
  storedSubjectOf,
} from "../../streams/subjects.ts";
import { openStreams, startServers, type TestServers, type TestStreams } from "../servers.ts";
import { id } from "./id.ts";
import { bytes } from "./reading.ts";

const kinds = Object.values(eventKinds).flatMap((ofLog) => Object.keys(ofLog)) as EventKind[];
const ids = [
  "lamp",
  "85123A",
  "BANK CHARGES",
  "röd-stol",
  "a.b",
  "*",
  ">",
  "=",
  "{x}:y",
  "💡",
  "__proto__",
  "x".repeat(128),
];

describe("a stored subject", () => {
  test.each(kinds)("of %s names its event, partition and identifier", (kind) => {
    for (const text of ids) {
      const identifier = id(text);
      const token = tokenOf(identifier);
      const stored = storedSubject(kind, token);
      expect(parseStoredSubject(stored)).toEqual({ kind, identifier, token, partition: partitionOf(token) });
      expect(publishedSubject(stored)).toBe(publicSubject(kind, identifier));
      expect(storedSubjectOf(publicSubject(kind, identifier))).toBe(stored);
    }
  });

  test.each([
    ["catalog.x", 'no event has the subject "catalog.x"'],
    ["catalog", 'no event has the subject "catalog"'],
    ["catalog.price.updated.a.b", 'no event has the subject "catalog.price.updated.a.b"'],
    ["log.catalog.3.price.updated.a.b", "no event has the subject"],
    [storedSubjectOf("catalog.price.cut.lamp"), 'there is no event "catalog.price.cut"'],
    [storedSubjectOf("activity.view.watched.lamp"), 'there is no event "activity.view.watched"'],
    ["log.catalog.3.constructor.name.lamp", 'there is no event "catalog.constructor.name"'],
    ["log.__proto__.3.price.updated.lamp", 'there is no event "__proto__.price.updated"'],
    ["log.toString.3.price.updated.lamp", 'there is no event "toString.price.updated"'],
    [storedSubjectOf("catalog.price.updated.a=62"), '"a=62" is not the canonical spelling'],
    [storedSubjectOf("catalog.price.updated.röd"), '"röd" is not the canonical spelling'],
    [
      `log.catalog.${(partitionOf(tokenOf(id("lamp"))) + 1) % partitionCount}.price.updated.lamp`,
      "it was published past the mapping",
    ],
    ["log.catalog.x.price.updated.lamp", "it was published past the mapping"],
  ])("%s is no event's", (subject, problem) => {
    const parsed = parseStoredSubject(subject);
    expect("problem" in parsed && parsed.problem).toContain(problem);
    expect(allPartitions).toContain(parsed.partition);
  });

  test("its problem is told without the partition, which publishers do not know", () => {
    expect(publishedSubject("log.catalog.3.price.updated.lamp")).toBe("catalog.price.updated.lamp");
    expect(publishedSubject("catalog.x")).toBe("catalog.x");
  });
});

describe("the server's mapping is ours", () => {
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

  /** Where the server puts each of the subjects, in their order. */
  async function landings(published: readonly string[]): Promise<readonly string[]> {
    const { connection } = streams;
    const seen: string[] = [];
    const subscriptions = [">"].map((subject) =>
      connection.subscribe(subject, {
        callback: (_, { subject: landed }) => {
          if (/^(?:log|catalog|activity)\b/.test(landed)) seen.push(landed);
        },
      }),
    );
    await connection.flush();
    for (const subject of published) connection.publish(subject, bytes("{}"));
    await connection.flush();
    for (const subscription of subscriptions) subscription.unsubscribe();
    return seen;
  }

  test("for each kind of event and many identifiers, in every partition", async () => {
    const many = [...ids, ...Array.from({ length: 500 }, (_, at) => `sku ${at}`)].map(id);
    const published = kinds.flatMap((kind) => many.map((identifier) => publicSubject(kind, identifier)));
    const expected = kinds.flatMap((kind) =>
      many.map((identifier) => storedSubject(kind, tokenOf(identifier))),
    );
    expect(await landings(published)).toEqual(expected);
    expect(new Set(expected.map((subject) => subject.split(".")[2])).size).toBe(partitionCount);
  });

  test("also for what is no event: an unknown action, a foreign spelling, no or one token too many", async () => {
    const published = [
      "catalog.price.cut.lamp",
      "catalog.price.updated.a=62",
      "catalog.x",
      "catalog.price",
      "catalog.price.updated",
      "catalog.price.updated.a.b",
      "catalog.unknown.updated.lamp",
      "activity.order.placed",
    ];
    expect(await landings(published)).toEqual(published.map(storedSubjectOf));
  });
});
