/** What a checker found wrong. `check` names the promise that was broken, which stays the same while a story shrinks. */
export interface Violation {
  readonly check: Check;
  readonly what: string;
}

export type Check =
  | "value"
  | "answer"
  | "backwards"
  | "lost"
  | "duplicate"
  | "made up"
  | "read models"
  | "quarantine"
  | "owner"
  | "liveness"
  | "unhandled";

/** Keeps the first one: what follows a broken promise says little. */
export interface Violations {
  add(check: Check, what: string): void;
  first(): Violation | undefined;
}

export function createViolations(onFirst: (violation: Violation) => void): Violations {
  let first: Violation | undefined;
  return {
    add(check, what) {
      if (first !== undefined) return;
      first = { check, what };
      onFirst(first);
    },
    first: () => first,
  };
}
