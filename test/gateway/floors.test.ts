import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { createFloors, floorsMemory } from "../../api/gateway/floors.ts";
import { id } from "../streams/id.ts";
import type { FloorsThread } from "./floors-thread.ts";

const lamp = id("lamp");

test("a floor is never lowered, and holds any sequence that a log can have", () => {
  const floors = createFloors();
  const heights = [0, 7, 3, 2 ** 32 + 1, 2 ** 32, Number.MAX_SAFE_INTEGER, 5];
  const found = heights.map((height) => {
    floors.raise(lamp, height);
    return floors.of(lamp);
  });
  const { MAX_SAFE_INTEGER } = Number;
  expect(found).toEqual([0, 7, 7, 2 ** 32 + 1, 2 ** 32 + 1, MAX_SAFE_INTEGER, MAX_SAFE_INTEGER]);
});

test("of several threads that raise at once the highest stands, and none sees the floor sink", async () => {
  const memory = floorsMemory();
  const start = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const shared = { memory, start, threads: 4, id: lamp, height: 1_000_000 };
  const ended = Array.from({ length: shared.threads }, async (_, thread) => {
    const workerData: FloorsThread = { ...shared, thread };
    const worker = new Worker(new URL("./floors-thread.ts", import.meta.url), { workerData });
    const [sank] = await once(worker, "message");
    return sank;
  });
  expect(await Promise.all(ended)).toEqual([0, 0, 0, 0]);
  expect(createFloors(memory).of(lamp)).toBe(shared.height - 1);
});
