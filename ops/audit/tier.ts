import type { Identifier } from "../../streams/identifier.ts";
import type { TierKind } from "./bounds.ts";
import type { History } from "./history.ts";
import type { Others } from "./judge-variants.ts";
import type { Judgement, Moment } from "./judge.ts";

/** Something that answers about products, asked through its public door. */
export interface Tier {
  readonly kind: TierKind;
  /** As it stands in the report: `redis`, or the address. */
  readonly name: string;
  /** Never throws: that nothing came is a reply as well. */
  ask(id: Identifier): Promise<Reply>;
  close(): void;
}

export interface Reply extends Moment {
  /** Pure; may be repeated when the oracle knows more. */
  judge(history: History, head: number, others: Others): Judgement;
  /** What the tier said about the answer, for who looks into a late one. */
  readonly evidence: Readonly<Record<string, string | number>>;
  /** The position of the log that the tier claims to have reached for this product; undefined where it says none. */
  readonly claims: number | undefined;
}
