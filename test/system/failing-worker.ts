import { BroadcastChannel, isMainThread, workerData } from "node:worker_threads";

/**
 * Loaded before Shelfwire by a test, in every thread of it: SIGUSR2 makes the first API worker fail by an exception
 * that nobody catches.
 */
const channel = new BroadcastChannel("fail");
channel.unref();
if (isMainThread) process.on("SIGUSR2", () => channel.postMessage("now"));
else if (workerData.number === 1) {
  channel.onmessage = () => {
    throw new Error("made to fail");
  };
}
