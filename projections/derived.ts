import type { Identifier } from "../streams/identifier.ts";
import { tokenOf } from "../streams/identifier.ts";
import type { Log, ReadFrom } from "../streams/log.ts";
import { partitionOf } from "../streams/partition.ts";
import type { Registers } from "./read-model.ts";
import type { Rating, Reviews } from "./reviews.ts";
import type { ProductSales } from "./sales.ts";

/**
 * The derived stream: what a read cannot find in the log by one exact subject, kept beside it as one message
 * for each product concerned. Most products need none of it.
 *
 * - `reviews`: the rating and the newest reviews, which no last message holds.
 * - `sales`: what the sales hold for the product; their own events are under the sale's subject.
 * - `good.<register>`: the last good value of a register whose newest event is bad.
 * - `position`: up to where in the log all of a partition's messages here are known to be written.
 *
 * A message is written only over one that stands for an earlier place in the log, by expected sequence, so
 * two owners cannot turn it back.
 */
export interface Derived {
  readonly reviews: {
    readonly rating: Rating;
    readonly newest: Reviews["newest"];
    readonly sequence: number;
  };
  readonly sales: ProductSales;
  readonly "good.product": Good<"product">;
  readonly "good.price": Good<"price">;
  readonly "good.inventory": Good<"inventory">;
}
export type DerivedName = keyof Derived;

/** The value that stands although the event at `sequence` followed it; null if there was no good one. */
export interface Good<Register extends keyof Registers> {
  readonly value: Registers[Register] | null;
  readonly sequence: number;
}

export type DerivedPut = {
  [Name in DerivedName]: { readonly name: Name; readonly id: Identifier; readonly value: Derived[Name] };
}[DerivedName];

const subjectOf = (name: DerivedName, id: Identifier): string => {
  const token = tokenOf(id);
  return `derived.${partitionOf(token)}.${name}.${token}`;
};
const positionSubject = (partition: number): string => `derived.${partition}.position`;

/** One derived value. Costs one get by exact subject. */
export async function readDerived<Name extends DerivedName>(
  log: Log,
  name: Name,
  id: Identifier,
  from: ReadFrom = "any",
): Promise<Derived[Name] | undefined> {
  const message = await log.last(subjectOf(name, id), from);
  return message && (parse(message.payload) as Derived[Name]);
}

/** Up to where a partition's derived values are complete; 0 where there are none. */
export async function readDerivedPosition(log: Log, partition: number): Promise<number> {
  const message = await log.last(positionSubject(partition), "leader");
  return message === undefined ? 0 : (parse(message.payload) as { sequence: number }).sequence;
}

export async function putDerived(log: Log, { name, id, value }: DerivedPut): Promise<void> {
  await putNewer(log, subjectOf(name, id), value);
}

/** Puts it over whatever stands for a place up to `place`, unless that says the same. */
export async function replaceDerived(
  log: Log,
  { name, id, value }: DerivedPut,
  place: number,
): Promise<void> {
  const subject = subjectOf(name, id);
  const payload = Buffer.from(JSON.stringify(value));
  for (;;) {
    const standing = await log.last(subject, "leader");
    if (standing !== undefined) {
      if (payload.equals(standing.payload)) return;
      if ((parse(standing.payload) as typeof value).sequence > place) return;
    }
    const expectedLastSubjectSequence = standing?.sequence ?? 0;
    const { outcome } = await log.append(subject, payload, { expectedLastSubjectSequence });
    if (outcome === "stored") return;
  }
}

export async function putDerivedPosition(log: Log, partition: number, sequence: number): Promise<void> {
  await putNewer(log, positionSubject(partition), { sequence });
}

async function putNewer(log: Log, subject: string, value: { readonly sequence: number }): Promise<void> {
  const payload = Buffer.from(JSON.stringify(value));
  for (;;) {
    const standing = await log.last(subject, "leader");
    if (standing !== undefined && (parse(standing.payload) as typeof value).sequence >= value.sequence)
      return;
    const { outcome } = await log.append(subject, payload, {
      expectedLastSubjectSequence: standing?.sequence ?? 0,
    });
    if (outcome === "stored") return;
  }
}

function parse(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload).toString("utf8"));
}
