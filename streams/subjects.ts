import { type Identifier, identifierOf, type Token, tokenOf } from "./identifier.ts";
import { allPartitions, partitionOf } from "./partition.ts";

/**
 * Subjects: publishers say `catalog.price.updated.<product>`; `nats.conf` maps that to
 * `log.catalog.<partition>.price.updated.<product>`, which is what the stream stores. A subject that no
 * mapping takes (`catalog.x`) is stored as it came and belongs to no partition: it is a stray, and bad.
 */

/** Every event that the catalogue knows, by log, with what its last token names. */
export const eventKinds = {
  catalog: {
    "product.modified": "product",
    "price.updated": "product",
    "inventory.changed": "product",
    "review.posted": "product",
    "category.modified": "category",
    "sale.scheduled": "sale",
    "sale.cancelled": "sale",
    "featured.set": "slot",
  },
  activity: {
    "view.recorded": "user",
    "order.placed": "user",
  },
} as const;

export type CatalogKind = keyof typeof eventKinds.catalog;
export type ActivityKind = keyof typeof eventKinds.activity;
export type EventKind = CatalogKind | ActivityKind;
export type LogName = keyof typeof eventKinds;

/** The entities whose subjects `nats.conf` must map, as `<log>.<entity>`. */
export const mappedEntities: readonly string[] = Object.entries(eventKinds).flatMap(([log, kinds]) => [
  ...new Set(Object.keys(kinds).map((kind) => `${log}.${kind.slice(0, kind.indexOf("."))}`)),
]);

/** The subject that a publisher uses. */
export function publicSubject(kind: EventKind, identifier: Identifier): string {
  return `${logOf(kind)}.${kind}.${tokenOf(identifier)}`;
}

/** The exact subject under which the log stores it: what a direct get asks for. */
export function storedSubject(kind: EventKind, token: Token): string {
  return `log.${logOf(kind)}.${partitionOf(token)}.${kind}.${token}`;
}

export function logOf(kind: EventKind): LogName {
  return kind in eventKinds.catalog ? "catalog" : "activity";
}

/** A stored subject taken apart; a problem where it names nothing that the catalogue knows. */
export type ParsedSubject =
  | {
      readonly kind: EventKind;
      readonly identifier: Identifier;
      readonly token: Token;
      readonly partition: number;
    }
  | { readonly problem: string; readonly partition: number };

/** Strays belong to this partition's owner, so that somebody quarantines them. */
const strayPartition = 0;

/** What stands before the token, such as `log.catalog.7.price.updated`: there are 160 good ones. */
const prefixes = new Map<string, { readonly kind: EventKind; readonly partition: number }>();
for (const [log, kinds] of Object.entries(eventKinds)) {
  for (const kind of Object.keys(kinds) as EventKind[]) {
    for (const partition of allPartitions)
      prefixes.set(`log.${log}.${partition}.${kind}`, { kind, partition });
  }
}

export function parseStoredSubject(subject: string): ParsedSubject {
  const end = subject.lastIndexOf(".");
  const token = subject.slice(end + 1) as Token;
  const prefix = prefixes.get(subject.slice(0, end));
  const identifier = identifierOf(token);
  const partition = partitionOf(token);
  if (prefix !== undefined && identifier !== undefined && prefix.partition === partition) {
    return { kind: prefix.kind, identifier, token, partition };
  }
  return refuse(subject, identifier, partition);
}

function refuse(subject: string, identifier: Identifier | undefined, partition: number): ParsedSubject {
  const tokens = subject.split(".");
  if (tokens[0] !== "log" || tokens.length !== 6) {
    return {
      problem: `no event has the subject "${subject}": publish on <log>.<entity>.<event>.<identifier>, such as catalog.price.updated.<product>`,
      partition: strayPartition,
    };
  }
  const [, log, partitionText, entity, action, token] = tokens;
  if (!prefixes.has(`log.${log}.0.${entity}.${action}`)) {
    return { problem: `there is no event "${log}.${entity}.${action}"`, partition };
  }
  if (identifier === undefined) {
    return {
      problem: `"${token}" is not the canonical spelling of an identifier: write each byte outside A-Z a-z 0-9 _ - as = and two upper-case hex digits`,
      partition,
    };
  }
  return {
    problem: `it was published past the mapping, into partition ${partitionText} instead of ${partition}: publish on ${log}.${entity}.${action}.${token}`,
    partition,
  };
}

/** The subject as its publisher wrote it. */
export function publishedSubject(stored: string): string {
  const match = /^log\.([^.]+)\.\d+\.(.+)$/.exec(stored);
  return match === null ? stored : `${match[1]}.${match[2]}`;
}

/** What the mapping makes of a published subject; one that no mapping takes is stored as it is. */
export function storedSubjectOf(published: string): string {
  const [log, entity, action, token, ...more] = published.split(".");
  if (token === undefined || more.length > 0 || !mappedEntities.includes(`${log}.${entity}`))
    return published;
  return `log.${log}.${partitionOf(token as Token)}.${entity}.${action}.${token}`;
}
