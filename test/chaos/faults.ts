import type { Fault } from "./fault.ts";
import { duplicate, reorder } from "./faults/deliveries.ts";
import { flush } from "./faults/flush.ts";
import { fullDisk } from "./faults/full-disk.ts";
import { kill } from "./faults/kill.ts";
import { olderDump } from "./faults/older-dump.ts";
import { partition } from "./faults/partition.ts";
import { pause } from "./faults/pause.ts";
import { poison } from "./faults/poison.ts";

/** Every fault, in the order of the report. */
export const faults: readonly Fault[] = [
  kill,
  pause,
  partition,
  fullDisk,
  flush,
  olderDump,
  poison,
  duplicate,
  reorder,
];
