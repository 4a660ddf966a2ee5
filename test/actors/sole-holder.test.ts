import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { whileHolding } from "../../actors/sole-holder.ts";
import type { Leases } from "../../streams/lease.ts";
import { limits } from "../../streams/limits.ts";
import { createMemoryLeases } from "../../streams/memory-leases.ts";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Works until it is told to end, and notes when. */
function worker(leases: Leases, name: string, notes: string[]) {
  const stopping = new AbortController();
  const holding = { leases, key: "one", about: () => name, alive: () => {}, clock: () => Date.now() };
  const ended = whileHolding(holding, stopping.signal, async (signal) => {
    notes.push(`${name} begins`);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    notes.push(`${name} ends`);
  });
  return { stop: () => stopping.abort(), ended };
}

test("one works at a time; the next begins when the lease is given back", async () => {
  const leases = createMemoryLeases(limits.leaseTtlMs, () => Date.now());
  const notes: string[] = [];
  const ann = worker(leases, "ann", notes);
  await pass(10);
  const bob = worker(leases, "bob", notes);
  await pass(60_000);
  expect(notes).toEqual(["ann begins"]);
  expect((await leases.owners()).get("one")).toBe("ann");
  ann.stop();
  await ann.ended;
  await pass(limits.leaseRenewMs);
  expect(notes).toEqual(["ann begins", "ann ends", "bob begins"]);
  bob.stop();
  await bob.ended;
});

test("who cannot renew ends before anybody else may begin, and begins again when it can", async () => {
  const leases = createMemoryLeases(limits.leaseTtlMs, () => Date.now());
  let away = false;
  const shaky: Leases = {
    ...leases,
    async renew(lease) {
      if (away) throw new Error("no answer");
      return leases.renew(lease);
    },
    async release(lease) {
      if (away) throw new Error("no answer");
      return leases.release(lease);
    },
  };
  const notes: string[] = [];
  const ann = worker(shaky, "ann", notes);
  await pass(10_000);
  away = true;
  const since = Date.now();
  while (!notes.includes("ann ends")) await pass(10);
  expect(Date.now() - since).toBeLessThan(limits.leaseTtlMs);
  expect((await leases.owners()).has("one")).toBe(true);
  away = false;
  await pass(2 * limits.leaseTtlMs);
  expect(notes).toEqual(["ann begins", "ann ends", "ann begins"]);
  ann.stop();
  await ann.ended;
});

test("what the work throws is thrown, and the lease is free", async () => {
  const leases = createMemoryLeases(limits.leaseTtlMs, () => Date.now());
  const holding = { leases, key: "one", about: () => "ann", alive: () => {}, clock: () => Date.now() };
  const failing = whileHolding(holding, new AbortController().signal, () =>
    Promise.reject(new Error("broken")),
  );
  const thrown = expect(failing).rejects.toThrow("broken");
  await pass(limits.leaseRenewMs);
  await thrown;
  expect(await leases.owners()).toEqual(new Map());
});
