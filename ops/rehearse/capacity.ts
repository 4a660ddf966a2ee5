/**
 * The highest rate, in requests a second, that passes a trial: doubled until one fails twice, since a machine may do
 * something else for a moment, then halved in between. Each trial lasts as long as `passes` takes; there are at most 26.
 */
export async function findCapacity(passes: (perSecond: number) => Promise<boolean>): Promise<number> {
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
  return good;
}

const firstPerSecond = 250;
/** Beyond 1,024,000 requests a second no generator of one thread comes. */
const doublingsMax = 12;
/** To a sixteenth of the last doubling. */
const halvings = 4;
