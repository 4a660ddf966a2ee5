import type { Socket } from "node:net";
import type { Meddling } from "./link.ts";

/** Carries the bytes of one direction of a connection, as fast as it is told to. */
export interface Pump {
  /** Bytes a second; 0 holds everything back, `Infinity` lets all of it go. */
  run(bytesPerSecond: number): void;
}

/** What is held back here; more stays in the kernel, whose window then closes as on a real link. */
const heldBytesMax = 256 * 1024;
const tickMs = 50;

export function startPump(from: Socket, to: Socket, meddling?: Meddling): Pump {
  let rate = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** How its source ended, which travels behind the bytes. */
  let ended: "no" | "end" | "close" = "no";
  let ticking: NodeJS.Timeout | undefined;

  const take = (bytes: Buffer): void => {
    held.push(bytes);
    heldBytes += bytes.length;
    if (rate === Number.POSITIVE_INFINITY) release(Number.POSITIVE_INFINITY);
    else if (heldBytes > heldBytesMax) from.pause();
  };

  function release(bytesMax: number): void {
    let left = bytesMax;
    while (held.length > 0 && left > 0 && !to.destroyed) {
      const [first] = held;
      if (first === undefined) break;
      const part = first.subarray(0, Math.min(left, first.length));
      if (part.length === first.length) held.shift();
      else held[0] = first.subarray(part.length);
      left -= part.length;
      heldBytes -= part.length;
      to.write(part);
    }
    if (to.writableNeedDrain) from.pause();
    else if (heldBytes <= heldBytesMax) from.resume();
    if (held.length === 0) passEnd();
  }

  function passEnd(): void {
    if (rate === 0) return;
    if (ended === "end") to.end();
    if (ended === "close") to.destroy();
  }

  from.on("data", meddling === undefined ? take : meddling(take));
  from.on("end", () => {
    ended = "end";
    if (held.length === 0) passEnd();
  });
  // Its reason is no business of the link's: the other side hears that it is gone.
  from.on("error", () => {});
  from.on("close", () => {
    ended = "close";
    if (held.length === 0 || rate === Number.POSITIVE_INFINITY) passEnd();
  });
  to.on("drain", () => from.resume());
  to.on("close", () => {
    clearInterval(ticking);
    held = [];
    heldBytes = 0;
  });

  return {
    run(bytesPerSecond) {
      rate = bytesPerSecond;
      clearInterval(ticking);
      if (rate === Number.POSITIVE_INFINITY) release(Number.POSITIVE_INFINITY);
      else if (rate > 0) ticking = setInterval(() => release((rate * tickMs) / 1_000), tickMs);
    },
  };
}
