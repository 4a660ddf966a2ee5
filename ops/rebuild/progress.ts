import { SingleBar } from "cli-progress";
import type { RebuildProgress } from "./meter.ts";

/** Progress where a person watches, as a bar; else as a line now and then. */
export interface ProgressView {
  show(progress: RebuildProgress): void;
  end(): void;
}

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean };

const lineEveryMs = 2_000;

/** `write` takes the lines where `output` is no terminal; `clock` is monotonic, in milliseconds. */
export function createProgressView(
  output: Output,
  clock: () => number,
  write: (progress: RebuildProgress) => void,
): ProgressView {
  if (output.isTTY !== true) {
    let saidAt = clock();
    return {
      show(progress) {
        if (clock() - saidAt < lineEveryMs) return;
        saidAt = clock();
        write(progress);
      },
      end() {},
    };
  }
  const bar = new SingleBar({
    stream: output,
    format: "rebuild {bar} {percentage}% {products} products, {left} left",
    barsize: 30,
  });
  bar.start(100, 0, { products: 0, left: "?" });
  return {
    show: ({ done, products, secondsLeft }) =>
      bar.update(Math.floor(100 * done), { products, left: timeText(secondsLeft) }),
    end: () => bar.stop(),
  };
}

/** `1 min 5 s` for people. */
export function timeText(seconds: number | undefined): string {
  if (seconds === undefined) return "?";
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
