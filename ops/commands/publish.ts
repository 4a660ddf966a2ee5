import { parsePayload } from "../../streams/events.ts";
import { identifierOf } from "../../streams/identifier.ts";
import type { Log } from "../../streams/log.ts";
import { schemaUri } from "../../streams/schema-version.ts";
import { type EventKind, eventKinds, logOf, mappedEntities } from "../../streams/subjects.ts";
import type { Catalogue } from "../catalogue.ts";
import { Refused } from "../refused.ts";

/** `shelfwire publish SUBJECT PAYLOAD`: an event by hand, checked before it leaves. */

export interface PublishOptions {
  readonly id?: string;
  /** The subject's last sequence that the publisher knows; the event is stored only if it still is. */
  readonly expect?: number;
  /** The version of the payload's schema; without one it is the first. */
  readonly schema?: number;
}

/** Returns where the event stands, as `<stream>/<sequence>`. Throws `Refused` with what to mend. */
export async function publish(
  catalogue: Pick<Catalogue, "catalog" | "activity">,
  subject: string,
  payload: string,
  { id, expect, schema }: PublishOptions,
): Promise<{ readonly stream: string; readonly sequence: number; readonly duplicate: boolean }> {
  const kind = kindOf(subject);
  const bytes = Buffer.from(payload);
  const headers = schema === undefined ? {} : { "ce-dataschema": schemaUri(kind, schema) };
  const parsed = parsePayload(kind, bytes, new Map(Object.entries(headers)));
  if ("reason" in parsed) throw new Refused(`${subject}: ${parsed.reason}`);
  const log: Log = logOf(kind) === "catalog" ? catalogue.catalog : catalogue.activity;
  const appended = await log.append(subject, bytes, {
    headers,
    ...(id !== undefined && { id }),
    ...(expect !== undefined && { expectedLastSubjectSequence: expect }),
  });
  if (appended.outcome === "conflict") {
    throw new Refused(`${subject}: its last event is not ${expect} any more; read it again and decide anew`);
  }
  return { stream: log.stream, sequence: appended.sequence, duplicate: appended.duplicate };
}

function kindOf(subject: string): EventKind {
  const [log, entity, action, token, ...more] = subject.split(".");
  const kind = `${entity}.${action}`;
  const known = (log === "catalog" || log === "activity") && kind in eventKinds[log];
  if (!known || token === undefined || more.length > 0 || !mappedEntities.includes(`${log}.${entity}`)) {
    const all = Object.entries(eventKinds).flatMap(([name, kinds]) =>
      Object.keys(kinds).map((each) => `${name}.${each}`),
    );
    throw new Refused(
      `there is no event "${subject}"; there are ${all.map((each) => `${each}.<id>`).join(", ")}`,
    );
  }
  if (identifierOf(token) === undefined) {
    throw new Refused(
      `"${token}" does not spell an identifier: write each byte outside A-Z a-z 0-9 _ - as = and two upper-case hex digits (BANK CHARGES is BANK=20CHARGES)`,
    );
  }
  return kind as EventKind;
}
