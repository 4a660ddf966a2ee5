import type { AppendOptions, Log } from "../../streams/log.ts";

/**
 * A process that dies at some append, as its logs see it.
 *
 * Acknowledgements come late and out of turn; at the fatal append, it and all that is in flight is stored or
 * lost by chance, and nothing is accepted after it. The logs also forget message ids at once, where the real
 * one needs two minutes, so that nothing but the import itself can keep a rerun from publishing twice.
 */
export interface Life {
  /** The log as the process sees it. */
  attach(log: Log): Log;
}

export class ProcessDied extends Error {
  override readonly name = "ProcessDied";
}

/** Dies at the append with this number, over all its logs; `Infinity` for a life without end. */
export function createLife(random: () => number, diesAtAppend: number): Life {
  let appends = 0;
  let dead = false;
  return {
    attach: (log) => ({
      ...log,
      async append(subject, payload, options = {}) {
        appends++;
        if (appends >= diesAtAppend) dead = true;
        const doomed = dead;
        const turns = Math.floor(random() * 4);
        for (let turn = 0; turn < turns; turn++) await new Promise<void>((next) => setImmediate(next));
        const stored =
          doomed || (dead && random() < 0.5) ? undefined : await log.append(subject, payload, named(options));
        if (dead || stored === undefined) throw new ProcessDied("the process died");
        return stored;
      },
    }),
  };
}

function named({ id, headers, ...options }: AppendOptions): AppendOptions {
  return id === undefined ? options : { ...options, headers: { ...headers, "Nats-Msg-Id": id } };
}
