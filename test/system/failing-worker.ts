import { BroadcastChannel, isMainThread, workerData } from "node:worker_threads";

/**
 * Loaded before Shelfwire by a test, in every thread of it: SIGUSR2 makes the first API worker fail by an exception
 * that nobody catches, SIGPWR makes it stand still for ever.
 */
const channel = new BroadcastChannel("fail");
channel.unref();
if (isMainThread) {
  process.on("SIGUSR2", () => channel.postMessage("fail"));
  process.on("SIGPWR", () => channel.postMessage("stand still"));
} else if (workerData.number === 1) {
  channel.onmessage = ({ data }) => {
    while (data === "stand still");
    throw new Error("made to fail");
  };
}
