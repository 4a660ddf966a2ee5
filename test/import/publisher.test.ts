import { expect, test } from "vitest";
import { createPublisher, type Publication, publisherLimits } from "../../ops/import/publisher.ts";
import type { Log } from "../../streams/log.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";
import { contentOf } from "./log-content.ts";
import { seededRandom } from "./retail-export.ts";
import { createLife } from "./unsteady-log.ts";

const newLog = () => createMemoryLog({ stream: "CATALOG", now: () => 0 });

const publication = (log: Log, subject: string, id: string): Publication => ({
  log,
  subject,
  id,
  payload: Buffer.from(id),
});

test("a subject's events keep their order while acknowledgements come out of turn", async () => {
  const log = newLog();
  const publisher = createPublisher(new Set());
  const slow = createLife(seededRandom(1), Number.POSITIVE_INFINITY).attach(log);
  for (let index = 0; index < 5_000; index++) {
    if (!publisher.offer(publication(slow, `s.${index % 7}`, String(index)))) await publisher.room();
  }
  await publisher.drain();
  for (const [subject, ids] of await contentOf(log)) {
    const expected = Array.from({ length: 5_000 }, (_, index) => index).filter(
      (index) => subject === `s.${index % 7}`,
    );
    expect(ids).toEqual(expected.map(String));
  }
  expect(publisher.counts()).toMatchObject({ published: 5_000, skipped: 0 });
  expect(publisher.counts().sequences.get("CATALOG")).toBe(5_000);
});

test("what is in flight and what is held are bounded", async () => {
  let inFlight = 0;
  let most = 0;
  const log = newLog();
  const counted: Log = {
    ...log,
    async append(...parameters) {
      most = Math.max(most, ++inFlight);
      await new Promise<void>((next) => setImmediate(next));
      inFlight--;
      return log.append(...parameters);
    },
  };
  const publisher = createPublisher(new Set());
  let held = 0;
  while (publisher.offer(publication(counted, `s.${held}`, String(held)))) held++;
  await publisher.drain();
  expect(held).toBe(publisherLimits.heldMax - 1);
  expect(most).toBe(publisherLimits.inFlightMax);
});

test("events published before are left out", async () => {
  const log = newLog();
  const publisher = createPublisher(new Set(["a"]));
  for (const id of ["a", "b"]) publisher.offer(publication(log, "s", id));
  await publisher.drain();
  expect((await log.bounds()).messages).toBe(1);
  expect(publisher.counts()).toMatchObject({ published: 1, skipped: 1 });
});

test("after a failure nothing more begins, and it surfaces", async () => {
  const log = newLog();
  const publisher = createPublisher(new Set());
  const dying = createLife(seededRandom(2), 3).attach(log);
  for (let index = 0; index < 50; index++) publisher.offer(publication(dying, "s", String(index)));
  await expect(publisher.drain()).rejects.toThrow("the process died");
  await expect(publisher.room()).rejects.toThrow("the process died");
  expect(publisher.offer(publication(log, "t", "late"))).toBe(false);
  expect((await contentOf(log)).get("s")).toEqual(["0", "1"]);
});
