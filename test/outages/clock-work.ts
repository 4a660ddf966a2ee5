/** Does something so many times a second by the clock, whatever becomes of it: open-loop. Returns what ends it. */
export function byTheClock(perSecond: number, act: (index: number) => void): () => void {
  const startedAt = performance.now();
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000);
    while (done < due) act(done++);
  }, tickMs);
  return () => clearInterval(timer);
}

const tickMs = 4;
