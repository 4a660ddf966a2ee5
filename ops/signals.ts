/** A signal to a whole process group arrives twice: from the system, and passed on by the launcher. */
const sameSignalMs = 1_000;

/** Resolves with the first signal that asks the process to end; a later second one ends it at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (askedAt !== undefined && performance.now() - askedAt > sameSignalMs) process.exit(1);
        askedAt ??= performance.now();
        resolve(signal);
      });
    }
  });
}
