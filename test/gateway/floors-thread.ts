import { parentPort, workerData } from "node:worker_threads";
import { createFloors } from "../../api/gateway/floors.ts";
import type { Identifier } from "../../streams/identifier.ts";

/** One of several threads that raise one floor at once, each by heights that lie between those of the others. */
export interface FloorsThread {
  readonly memory: SharedArrayBuffer;
  /** Where the threads wait for each other. */
  readonly start: SharedArrayBuffer;
  readonly thread: number;
  readonly threads: number;
  readonly id: Identifier;
  readonly height: number;
}

const { memory, start, thread, threads, id, height } = workerData as FloorsThread;
const floors = createFloors(memory);
const arrived = new Int32Array(start);
if (Atomics.add(arrived, 0, 1) + 1 === threads) Atomics.notify(arrived, 0);
for (let here = Atomics.load(arrived, 0); here < threads; here = Atomics.load(arrived, 0)) {
  Atomics.wait(arrived, 0, here);
}

let sank = 0;
for (let raised = thread; raised < height; raised += threads) {
  const before = floors.of(id);
  floors.raise(id, raised);
  if (floors.of(id) < Math.max(before, raised)) sank++;
}
parentPort?.postMessage(sank);
