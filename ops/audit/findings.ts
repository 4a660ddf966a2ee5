import { publishedSubject } from "../../streams/subjects.ts";
import type { Aged } from "./bounds.ts";
import { type Cause, type CauseCode, diagnose, type Suspect, type Witnesses } from "./diagnose.ts";
import { aspectNames, type Judgement } from "./judge.ts";
import type { Tally } from "./tally.ts";

/** A late or wrong answer, with the message that was late or lost: one line for each event that a tier lacked. */
export type Finding = Late | Wrong;

export interface Late {
  readonly finding: "late" | "beyond-bound";
  readonly tier: string;
  readonly product: string;
  readonly aspect: string;
  /** The event that was not shown; null for a sale that began or ended by the clock. */
  readonly missed: { readonly sequence: number; readonly subject: string } | null;
  readonly offset_ms: number;
  readonly age_ms: number;
  /** Positions of the log that the oracle knew behind that event. */
  readonly positions: number | null;
  readonly cause: CauseCode;
  readonly told: string;
  readonly evidence: Readonly<Record<string, string | number>>;
}

export interface Wrong {
  readonly finding: "wrong";
  readonly tier: string;
  readonly product: string;
  readonly offset_ms: number;
  readonly what: string;
  readonly expected: unknown;
  readonly found: unknown;
  readonly evidence: Readonly<Record<string, string | number>>;
}

export interface Findings {
  late(suspect: Suspect, aged: Aged, offsetMs: number): void;
  wrong(suspect: Omit<Suspect, "lack">, judgement: Judgement & { verdict: "wrong" }, offsetMs: number): void;
  /** Resolves when every one under way has its cause. */
  settled(): Promise<void>;
  /** The first of each kind: what is wrong, then what is beyond its bound, then what is late. */
  worstFirst(): readonly Finding[];
}

/** More than these of a kind are counted and not looked into: a tier that is late for everybody has one cause. */
const examinedMax = 2_000;
const underWayMax = 8;
/** Of each kind. */
const keptMax = 100;

const nothing = () => ({ examined: new Set<string>(), underWay: new Set<Promise<void>>() });

export function createFindings(options: {
  readonly witnesses: Witnesses;
  readonly tally: Tally;
  readonly onFinding: (finding: Finding) => void;
}): Findings {
  const { witnesses, tally, onFinding } = options;
  const looked = { "beyond-bound": nothing(), late: nothing() };
  /** In the order in which they are told of. */
  const kept: Record<Finding["finding"], Finding[]> = { wrong: [], "beyond-bound": [], late: [] };
  let wrongs = 0;

  function tell(finding: Finding): void {
    const alike = kept[finding.finding];
    if (alike.length < keptMax) alike.push(finding);
    onFinding(finding);
  }

  async function examine(suspect: Suspect, finding: Late["finding"], offsetMs: number): Promise<void> {
    const { tier, history, lack, reply } = suspect;
    const cause: Cause = await diagnose(suspect, witnesses);
    tally.cause(tier.name, cause.code);
    const { missed } = lack;
    tell({
      finding,
      tier: tier.name,
      product: history.id,
      aspect: aspectNames.get(lack.aspect) ?? "",
      missed:
        missed === undefined
          ? null
          : { sequence: missed.sequence, subject: publishedSubject(missed.subject) },
      offset_ms: offsetMs,
      age_ms: reply.askedAt - lack.since,
      positions: missed === undefined ? null : witnesses.head() - missed.sequence,
      cause: cause.code,
      told: cause.text,
      evidence: reply.evidence,
    });
  }

  return {
    worstFirst: () => Object.values(kept).flat(),
    late(suspect, { beyond }, offsetMs) {
      const { tier, history, lack } = suspect;
      // At the next offsets it is the same story, unless it becomes one of a bound.
      const finding = beyond ? "beyond-bound" : "late";
      const { examined, underWay } = looked[finding];
      const key = `${tier.name} ${history.id} ${lack.missed?.sequence ?? lack.since}`;
      if (examined.has(key)) return;
      if (examined.size >= examinedMax || underWay.size >= underWayMax) {
        tally.cause(tier.name, "not-examined");
        return;
      }
      examined.add(key);
      const one = examine(suspect, finding, offsetMs).finally(() => underWay.delete(one));
      underWay.add(one);
    },
    wrong({ tier, history, reply }, { what, expected, found }, offsetMs) {
      if (wrongs++ >= examinedMax) return;
      const product = history.id;
      tell({
        finding: "wrong",
        tier: tier.name,
        product,
        offset_ms: offsetMs,
        what,
        expected,
        found,
        evidence: reply.evidence,
      });
    },
    async settled() {
      const all = () => Object.values(looked).flatMap(({ underWay }) => [...underWay]);
      while (all().length > 0) await Promise.all(all());
    },
  };
}
