import type { Identifier } from "../../../streams/identifier.ts";
import type { Log } from "../../../streams/log.ts";
import { parseStoredSubject } from "../../../streams/subjects.ts";
import { feedHeader } from "./facts.ts";
import { createSeen } from "./seen.ts";

/**
 * Which products came by a feed, and which of them its files name no more.
 *
 * A product came by the feed if any of its documents carries the feed's name, whoever described it since. The
 * log itself says so: this costs one pass over it, some 200,000 messages a second, and in memory 20 bytes a
 * member and what it takes to name those that left.
 */
export interface Members {
  readonly count: number;
  readonly left: ReadonlySet<Identifier>;
}

export async function findMembers(
  catalog: Log,
  feed: string,
  isPresent: (id: string) => boolean,
): Promise<Members> {
  const members = createSeen();
  const left = new Set<Identifier>();
  const { last } = await catalog.bounds();
  const name = feedHeader.toLowerCase();
  const tail = catalog.tail({ from: 1 });
  try {
    for (let reached = 0; reached < last; ) {
      for (const { sequence, subject, headers } of (await tail.take(4_096, 1_000)).messages) {
        reached = sequence;
        if (headers?.get(name) !== feed) continue;
        const about = parseStoredSubject(subject);
        if ("problem" in about || about.kind !== "product.modified") continue;
        members.add(about.identifier, 0, 0);
        if (!isPresent(about.identifier)) left.add(about.identifier);
      }
    }
  } finally {
    await tail.close();
  }
  return { count: members.size, left };
}
