import { Worker } from "node:worker_threads";
import { supervise } from "../../actors/supervisor.ts";
import { floorsMemory } from "../../api/gateway/floors.ts";
import type { CatalogueOptions } from "../catalogue.ts";
import type { Config } from "../config.ts";
import type { Logger } from "../logger.ts";
import { bindBriefly } from "../port.ts";
import { orRefuse } from "../refused.ts";
import type { Api } from "./api.ts";
import type { WorkerSettings, WorkerWord } from "./api-worker.ts";

/**
 * The API on all cores: as many threads as `WORKERS` says listen on one port, and the system shares connections out
 * among them. They share nothing but what the node has shown (`floors.ts`). One that fails or stands still is replaced
 * while the others answer; what was under way on its connections is lost with it.
 */
/** What requests under way and connections may take beyond `DRAIN_MS`, and some. */
const drainMsMax = 10_000;

export async function startApiWorkers(
  config: Config,
  servers: CatalogueOptions["servers"],
  logger: Logger,
): Promise<Api> {
  const { host } = config;
  const port = await orRefuse(
    bindBriefly({ host, port: config.port }),
    `HOST=${host} PORT=${config.port}`,
    "choose another one; PORT=0 takes any that is free",
  );
  const count = await countOn(host, config, logger);
  const shared: Omit<WorkerSettings, "number" | "beats"> = {
    config: { ...config, port, cacheBytesMax: Math.floor(config.cacheBytesMax / count) },
    servers: {
      natsUrls: servers.natsUrls,
      redisUrl: servers.redisUrl,
      logBytesMax: servers.logBytesMax,
    },
    reusePort: count > 1,
    wasReady: false,
    floors: floorsMemory(),
  };
  const all = Array.from({ length: count }, (_, at) => ({
    ...shared,
    number: at + 1,
    beats: new SharedArrayBuffer(4),
  }));
  const first = all.map(startWorker);
  let urls: readonly string[];
  try {
    urls = await Promise.all(first.map(({ listening }) => listening));
  } catch (error) {
    await Promise.all(first.map((worker) => worker.end()));
    throw error;
  }
  const kept = first.map((worker, at) => keep(worker, all[at] as WorkerSettings, logger));
  return {
    url: urls[0] as string,
    async untilReady() {
      await Promise.all(kept.map(({ ready }) => ready));
    },
    async stop() {
      await Promise.all(kept.map((worker) => worker.stop()));
    },
  };
}

/** Where several cannot listen on one port there is one worker. */
async function countOn(host: string, { workers }: Config, logger: Logger): Promise<number> {
  if (workers === 1) return 1;
  try {
    await bindBriefly({ host, port: 0, reusePort: true });
    return workers;
  } catch (error) {
    logger.warn({ err: error }, "this system does not let several threads listen on one port: WORKERS is 1");
    return 1;
  }
}

interface ApiWorker {
  /** Its address; rejects with what ended it before. */
  readonly listening: Promise<string>;
  readonly ready: Promise<void>;
  /** Resolves with why it ended. */
  readonly ended: Promise<Error>;
  /** Resolves when everything under way is answered, or when it has ended. */
  drain(): Promise<void>;
  end(): Promise<unknown>;
}

function startWorker(settings: WorkerSettings): ApiWorker {
  const worker = new Worker(new URL("./api-worker.ts", import.meta.url), {
    workerData: settings,
    name: `api ${settings.number}`,
  });
  const listening = Promise.withResolvers<string>();
  const ready = Promise.withResolvers<void>();
  const drained = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Error>();
  let listens = false;
  worker.on("message", (word: WorkerWord) => {
    if (word.kind === "listening") {
      listens = true;
      listening.resolve(word.url);
    } else if (word.kind === "ready") ready.resolve();
    else drained.resolve();
  });
  worker.on("error", ended.resolve);
  worker.on("exit", (code) => ended.resolve(new Error(`the thread ended with code ${code}`)));
  void ended.promise.then((error) => {
    listening.reject(error);
    drained.resolve();
  });
  // Whoever replaces a worker that failed waits for `ended` alone.
  listening.promise.catch(() => {});
  return {
    listening: listening.promise,
    ready: ready.promise,
    ended: ended.promise,
    async drain() {
      // Nobody has reached one that is still starting, which may take long where a server does not answer.
      if (!listens) return;
      worker.postMessage("drain");
      // One that stands still is not waited for without end.
      const late = setTimeout(drained.resolve, settings.config.drainMs + drainMsMax);
      await drained.promise;
      clearTimeout(late);
    },
    end: () => worker.terminate(),
  };
}

/** When the worker's event loop was last seen to have turned, by our own clock. */
function watchBeats(beats: SharedArrayBuffer): () => number {
  const counted = new Int32Array(beats);
  let seen = Atomics.load(counted, 0);
  let seenAt = Date.now();
  return () => {
    const count = Atomics.load(counted, 0);
    if (count !== seen) seenAt = Date.now();
    seen = count;
    return seenAt;
  };
}

/** Keeps a worker of that number alive: `first`, then whoever takes its place. */
function keep(first: ApiWorker, settings: WorkerSettings, logger: Logger) {
  const { number } = settings;
  const ready = Promise.withResolvers<void>();
  let worker = first;
  let lives = 0;
  let wasReady = false;
  void ready.promise.then(() => {
    wasReady = true;
  });
  const live = () => {
    if (lives++ > 0) worker = startWorker({ ...settings, wasReady });
    const { ended, end } = worker;
    void worker.ready.then(ready.resolve);
    return {
      aliveAt: watchBeats(settings.beats),
      async run(signal: AbortSignal) {
        signal.addEventListener("abort", end);
        const error = await ended;
        if (!signal.aborted) logger.error({ worker: number, err: error }, "an API worker failed");
      },
    };
  };
  const supervisor = supervise(`API worker ${number}`, live, { journal: logger, now: () => Date.now() });
  return {
    ready: ready.promise,
    async stop() {
      await worker.drain();
      await supervisor.stop();
    },
  };
}
