import { expect, test } from "vitest";
import { hotValues } from "../../actors/hot/hot-state.ts";
import { decodeTransition } from "../../actors/hot/transitions.ts";
import { createOwners, type DayLine, dayStart, options, readLines } from "./recorded-day.ts";

/**
 * A recorded day of hot products is played again, and every transition is the recorded one, bit for bit. Where a decision
 * changes on purpose, the day is recorded anew: `node test/hot/record-day.ts`.
 */
test("the recorded inputs of a day give the recorded transitions", () => {
  const owners = createOwners();
  let at = dayStart;
  for (const line of readLines("inputs")) {
    const [afterMs, input] = JSON.parse(line) as DayLine;
    at += afterMs;
    owners.take(input, at);
  }
  const recorded = readLines("transitions");
  // The first that differs says more than a thousand that follow from it.
  const differs = recorded.findIndex((line, index) => line !== owners.written[index]);
  expect(owners.written[differs]).toBe(recorded[differs]);
  expect(owners.written.length).toBe(recorded.length);
});

test("the recorded day holds every state, every event, alerts and both modes", () => {
  const transitions = readLines("transitions").flatMap((line) => decodeTransition(Buffer.from(line)) ?? []);
  expect(new Set(transitions.map(({ after }) => after.value))).toEqual(new Set(hotValues));
  const events = new Set<string>(transitions.map(({ event }) => event.type));
  const types = `heated cooled evicted sale-planned sale-cancelled price-dropped operator-added operator-removed
    loaded load-failed absent held changed rate time resumed`;
  for (const type of types.split(/\s+/)) expect(events).toContain(type);
  expect(transitions.some(({ after }) => after.alerted)).toBe(true);
  expect(new Set(transitions.map(({ after }) => after.mode))).toEqual(new Set(["push", "invalidate"]));
  const times = transitions.map(({ event }) => event.at - dayStart);
  expect(Math.min(...times)).toBeLessThan(3_600_000);
  expect(Math.max(...times)).toBeGreaterThan(23 * 3_600_000);
});

test("on the recorded day there were never more hot products than there is room for, and sometimes as many", () => {
  const warm = new Set<string>();
  let most = 0;
  for (const line of readLines("transitions")) {
    const after = decodeTransition(Buffer.from(line))?.after;
    if (after === undefined) continue;
    if (after.value === "cold" || after.value === "cooling") warm.delete(after.product);
    else warm.add(after.product);
    most = Math.max(most, warm.size);
  }
  expect(most).toBe(options.hotMax);
});
