import type { Log } from "../../streams/log.ts";

/** All that a log holds, by subject, in the log's order. */
export async function contentOf(log: Log): Promise<ReadonlyMap<string, readonly string[]>> {
  const content = new Map<string, string[]>();
  const { last } = await log.bounds();
  const tail = log.tail({ from: 1 });
  for (let reached = 0; reached < last; ) {
    for (const { sequence, subject, payload } of (await tail.take(4_096, 1_000)).messages) {
      reached = sequence;
      const payloads = content.get(subject);
      const text = Buffer.from(payload).toString("utf8");
      if (payloads === undefined) content.set(subject, [text]);
      else payloads.push(text);
    }
  }
  await tail.close();
  return new Map([...content].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function countMessages(content: ReadonlyMap<string, readonly string[]>): number {
  let count = 0;
  for (const payloads of content.values()) count += payloads.length;
  return count;
}
