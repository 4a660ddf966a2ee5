const batchSize = 500;

/** Cuts what is read one round trip at a time. */
export function* batches<T>(items: Iterable<T>, size: number = batchSize): Generator<readonly T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
