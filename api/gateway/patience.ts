/** How long a reader waits for a slow tier while something older is held, in milliseconds. */
const patienceMs = 300;

/** The result, or something else where it takes longer than that. */
export async function withPatience<T>(result: Promise<T>, otherwise: () => T | Promise<T>): Promise<T> {
  const impatient = Promise.withResolvers<T>();
  const timer = setTimeout(() => impatient.resolve(otherwise()), patienceMs);
  try {
    return await Promise.race([result, impatient.promise]);
  } finally {
    clearTimeout(timer);
  }
}
