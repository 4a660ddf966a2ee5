/** How far a rebuild is, and how long it will yet take at the pace it has had. */
export interface RebuildProgress {
  /** From 0 to 1. */
  readonly done: number;
  readonly messages: number;
  readonly products: number;
  /** Undefined while there is no pace to tell it from. */
  readonly secondsLeft: number | undefined;
}

export interface Meter {
  folded(messages: number): void;
  written(products: number): void;
}

/** Writing a product costs about as much as folding this many messages. */
const messagesPerProduct = 8;
const paceAfterMs = 500;

export function createMeter(options: {
  /** What there is to fold and to write, as far as is known when it begins. */
  readonly messages: number;
  readonly products: number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly onProgress: (progress: RebuildProgress) => void;
}): Meter {
  const { clock, onProgress } = options;
  const startedAt = clock();
  const whole = options.messages + options.products * messagesPerProduct;
  let messages = 0;
  let products = 0;

  function tell(): void {
    const work =
      Math.min(messages, options.messages) + Math.min(products, options.products) * messagesPerProduct;
    const done = whole === 0 ? 1 : work / whole;
    const elapsedMs = clock() - startedAt;
    const known = elapsedMs >= paceAfterMs && done > 0;
    const secondsLeft = known ? Math.ceil((elapsedMs * (1 - done)) / done / 1_000) : undefined;
    onProgress({ done, messages, products, secondsLeft });
  }

  return {
    folded(count) {
      messages += count;
      tell();
    },
    written(count) {
      products += count;
      tell();
    },
  };
}
