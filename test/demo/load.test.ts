import { expect, test } from "vitest";
import { generateDemoCatalogue } from "../../ops/demo/catalogue.ts";
import { loadDemoCatalogue } from "../../ops/demo/load.ts";
import { decodeEvent, isBad } from "../../streams/events.ts";
import { createMemoryLog } from "../../streams/memory-log.ts";

const now = Date.UTC(2026, 10, 26, 12);
const demo = { seed: 3, products: 300, now };
const events = generateDemoCatalogue(demo);

test("every event of the demo catalogue stands in the log, good and in its place", async () => {
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => now });
  const progress: number[] = [];
  const published = await loadDemoCatalogue({ ...demo, catalog, onProgress: (done) => progress.push(done) });

  expect(published).toBe(events.length);
  expect(progress.at(-1)).toBe(events.length);
  const { messages } = await catalog.tail({ from: 1 }).take(events.length + 1, 0);
  expect(messages).toHaveLength(events.length);
  for (const [index, message] of messages.entries()) {
    const event = decodeEvent(message);
    if (isBad(event)) throw new Error(`${message.subject}: ${event.reason}`);
    expect([event.kind, event.id]).toEqual([events[index]?.kind, events[index]?.id]);
  }
});

test("a load that is repeated at once stores nothing twice", async () => {
  const catalog = createMemoryLog({ stream: "CATALOG", now: () => now });
  await loadDemoCatalogue({ ...demo, catalog });
  await loadDemoCatalogue({ ...demo, catalog });
  expect((await catalog.bounds()).messages).toBe(events.length);
});

test("no two events of one subject are under way at a time", async () => {
  const log = createMemoryLog({ stream: "CATALOG", now: () => now });
  const underWay = new Set<string>();
  let most = 0;
  await loadDemoCatalogue({
    ...demo,
    catalog: {
      ...log,
      async append(subject, payload, options) {
        expect(underWay).not.toContain(subject);
        underWay.add(subject);
        most = Math.max(most, underWay.size);
        const appended = await log.append(subject, payload, options);
        underWay.delete(subject);
        return appended;
      },
    },
  });
  expect(most).toBeLessThanOrEqual(256);
});
