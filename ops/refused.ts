/** What the operator asked for cannot be done; the message is one line that says what to do instead. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Runs what depends on a setting; where it fails, the line names the setting and its value. */
export async function orRefuse<T>(work: Promise<T>, setting: string, advice: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Refused(`${setting}: ${(error as Error).message}; ${advice}`, { cause: error });
  }
}
