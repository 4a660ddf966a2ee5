/**
 * Loaded before the program that launch.mjs runs: ends it when the launcher is gone.
 *
 * At once and without farewell, since a launcher that could still have passed on a signal would have. What
 * the program itself has started is tied to it in the same way.
 */

if (process.env.SHELFWIRE_LAUNCHED === "1") {
  // Neither threads nor children of this process may take the mark for their own.
  delete process.env.SHELFWIRE_LAUNCHED;
  process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));
  // Waiting for the launcher's end must not keep a finished program alive.
  process.channel?.unref();
}
