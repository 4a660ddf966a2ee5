/** How a rate, in requests a second, is tried. */
export interface Trials {
  /** Whether it is borne for a moment. */
  passes(perSecond: number): Promise<boolean>;
  /** Whether it is for long: what a queue, or a moment of luck, has carried through a short trial does not count. */
  holds(perSecond: number): Promise<boolean>;
}

/**
 * The highest rate that is borne for long; 0 where none is. Doubled until one does not pass twice, since a machine may do
 * something else for a moment, and halved in between; then lowered by a tenth until it holds. At most 26 short trials and
 * 11 long ones.
 */
export async function findCapacity({ passes, holds }: Trials): Promise<number> {
  let good = 0;
  let bad = firstPerSecond;
  for (let doubled = 0; doubled < doublingsMax; doubled++) {
    if (!(await passes(bad)) && !(await passes(bad))) break;
    good = bad;
    bad *= 2;
  }
  for (let halved = 0; halved < halvings; halved++) {
    const between = (good + bad) / 2;
    if (await passes(between)) good = between;
    else bad = between;
  }
  for (let lowered = 0; good > 0 && lowered <= loweringsMax; lowered++) {
    if (await holds(good)) return good;
    good *= loweredTo;
  }
  return 0;
}

const firstPerSecond = 250;
/** Beyond 1,024,000 requests a second no generator of one thread comes. */
const doublingsMax = 12;
/** To a sixteenth of the last doubling. */
const halvings = 4;
const loweredTo = 0.9;
const loweringsMax = 10;
