import type { StoredMessage } from "../../streams/log.ts";
import { publishedSubject, publicSubject } from "../../streams/subjects.ts";
import type { Identifier } from "../../streams/identifier.ts";

/**
 * Every price and quantity that anyone was shown, by the sequence that it claimed to be: when all is over, the
 * event at that sequence must say the same, or it was made up or another product's.
 */
export interface Sightings {
  /** Returns what is wrong already: the same version with another value. */
  see(sighting: Sighting): readonly string[];
  readonly sequences: ReadonlySet<number>;
  /** What the event at one of the sequences has to say against it. */
  judge(message: StoredMessage): readonly string[];
}

export interface Sighting {
  readonly id: Identifier;
  readonly kind: "price.updated" | "inventory.changed";
  readonly version: number;
  readonly value: number;
}

export function createSightings(): Sightings {
  const seen = new Map<number, Sighting[]>();
  const sequences = new Set<number>();
  const told = ({ id, kind, version, value }: Sighting) => `${kind} of ${id}: ${value} as of ${version}`;

  return {
    sequences,
    see(sighting) {
      sequences.add(sighting.version);
      const others = seen.get(sighting.version) ?? [];
      if (others.some(({ id, kind, value }) => isSame({ id, kind, value }, sighting))) return [];
      seen.set(sighting.version, [...others, sighting]);
      const contrary = others.find(({ id, kind }) => id === sighting.id && kind === sighting.kind);
      return contrary === undefined ? [] : [`${told(sighting)}, and elsewhere ${contrary.value}`];
    },
    judge({ sequence, subject, payload }) {
      const published = publishedSubject(subject);
      // A price's version may be a sale's, which decides on it as well.
      if (published.startsWith("catalog.sale.")) return [];
      return (seen.get(sequence) ?? [])
        .filter(({ id, kind, value }) => {
          if (published !== publicSubject(kind, id)) return true;
          return value !== valueIn(kind, Buffer.from(payload).toString());
        })
        .map((sighting) => `${told(sighting)}, and the log has ${published} there`);
    },
  };
}

/** Undefined where the event is a bad one, which nobody may be shown. */
function valueIn(kind: Sighting["kind"], payload: string): unknown {
  try {
    const event = JSON.parse(payload);
    return kind === "price.updated" ? event.new_price?.amount : event.new_quantity;
  } catch {
    return undefined;
  }
}

function isSame(a: Omit<Sighting, "version">, b: Sighting): boolean {
  return a.id === b.id && a.kind === b.kind && a.value === b.value;
}
