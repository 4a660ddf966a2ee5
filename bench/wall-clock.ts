/**
 * Milliseconds since 1970 with their fractions, by the clock that `Date.now()` shows at this time: what a process counts from
 * its begin runs apart from that one where the system corrects its clock. Takes a millisecond to open.
 */
export function openWallClock(): () => number {
  const before = Date.now();
  let tick = before;
  while (tick === before) tick = Date.now();
  const offset = tick - performance.now();
  return () => offset + performance.now();
}
