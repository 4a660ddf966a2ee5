import { isatty, WriteStream } from "node:tty";
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

/**
 * The one logger. It writes to stderr, because stdout belongs to a command's data: JSON lines, or readable
 * ones on a terminal. Both are written at once, so that the last line before a crash is there.
 */

export type { Logger };

export const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

const stderr = 2;

export function createLogger(level: LogLevel): Logger {
  // Asked of the descriptor, since in a thread `process.stderr` is a pipe to the main one.
  if (!isatty(stderr)) {
    return pino(
      { level, timestamp: pino.stdTimeFunctions.isoTime },
      pino.destination({ dest: stderr, sync: true }),
    );
  }
  const readable = pretty({
    destination: stderr,
    sync: true,
    // Honours NO_COLOR, FORCE_COLOR and TERM=dumb.
    colorize: WriteStream.prototype.hasColors(),
    translateTime: "SYS:HH:MM:ss.l",
    ignore: "pid,hostname",
  });
  return pino({ level }, readable);
}
