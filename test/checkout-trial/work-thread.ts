import { parentPort, Worker } from "node:worker_threads";

/**
 * A thread that does what it is told, several things at once where it is told so, and says what came of each. `Works` names
 * the works with what they come to.
 */
export interface WorkThread<Works> {
  /** Rejects when the work fails, and when the thread ends meanwhile. */
  tell<Work extends keyof Works & string>(work: Work): Promise<Works[Work]>;
  close(): Promise<void>;
}

interface Told {
  readonly number: number;
  readonly work: string;
}

interface Said {
  readonly number: number;
  readonly result?: unknown;
  readonly error?: string;
}

export function startThread<Works>(module: URL, workerData: object): WorkThread<Works> {
  const thread = new Worker(module, { workerData });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let failure: Error | undefined;
  let told = 0;
  const fail = (error: Error) => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  thread.on("message", ({ number, result, error }: Said) => {
    const asked = waiting.get(number);
    waiting.delete(number);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error));
  });
  thread.on("error", fail);
  thread.on("exit", (code) => fail(new Error(`the thread ended: ${code}`)));
  return {
    tell<Work extends keyof Works & string>(work: Work) {
      if (failure !== undefined) return Promise.reject(failure);
      const message: Told = { number: told++, work };
      const asked = Promise.withResolvers<unknown>();
      waiting.set(message.number, asked);
      thread.postMessage(message);
      return asked.promise as Promise<Works[Work]>;
    },
    async close() {
      await thread.terminate();
    },
  };
}

/** In the thread. */
export function doWorks<Works>(
  works: { readonly [Work in keyof Works]: () => Works[Work] | Promise<Works[Work]> },
): void {
  const port = parentPort;
  if (port === null) throw new Error("this file is the beginning of a thread");
  port.on("message", async ({ number, work }: Told) => {
    const say = (what: Omit<Said, "number">) => port.postMessage({ number, ...what });
    try {
      say({ result: await works[work as keyof Works]() });
    } catch (error) {
      say({ error: (error as Error).stack ?? String(error) });
    }
  });
}
