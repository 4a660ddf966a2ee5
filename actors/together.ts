/** Works that live and end as one: when one of them ends or fails, all are told to end. Throws what failed first. */
export async function together(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  let failed: { readonly error: unknown } | undefined;
  await Promise.all(
    works.map(async (work) => {
      try {
        await work(either);
      } catch (error) {
        failed ??= { error };
      } finally {
        ending.abort();
      }
    }),
  );
  if (failed !== undefined) throw failed.error;
}
