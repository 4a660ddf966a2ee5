import { SingleBar } from "cli-progress";

/** How far an import is: a bar where a person watches, a line now and then where a file does. */
export interface Progress {
  begin(file: string, lines: number): void;
  at(lines: number): void;
  end(): void;
}

type ProgressOutput = NodeJS.WritableStream & { readonly isTTY?: boolean };

const lineEveryMs = 5_000;

/** `output` is standard error, a terminal or not; `now` is a clock in milliseconds. */
export function createProgress(output: ProgressOutput, now: () => number): Progress {
  return output.isTTY ? createBar(output) : createLines(output, now);
}

function createBar(stream: ProgressOutput): Progress {
  let bar: SingleBar | undefined;
  return {
    begin(file, lines) {
      bar = new SingleBar({
        stream,
        format: `${file} {bar} {percentage}% {value}/{total} lines, {eta_formatted} left`,
        barsize: 30,
      });
      bar.start(lines, 0);
    },
    at: (lines) => bar?.update(lines),
    end: () => bar?.stop(),
  };
}

function createLines(output: ProgressOutput, now: () => number): Progress {
  let file = "";
  let total = 0;
  let saidAt = 0;
  return {
    begin(name, lines) {
      file = name;
      total = lines;
      saidAt = now();
    },
    at(lines) {
      if (now() - saidAt < lineEveryMs) return;
      saidAt = now();
      output.write(`${file}: ${lines} of ${total} lines\n`);
    },
    end() {},
  };
}
