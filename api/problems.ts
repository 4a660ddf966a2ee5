/**
 * Everything that can go wrong for a caller, as one table: problem documents of RFC 9457. The code in `type`
 * is stable; `detail` and `errors` say what to do about this one.
 */
const problems = {
  "invalid-parameter": { status: 400, title: "A parameter is not valid" },
  "invalid-url": { status: 400, title: "The address cannot be read" },
  "unknown-position": { status: 400, title: "The log has no such position yet" },
  "not-found": { status: 404, title: "There is nothing here" },
  "unknown-product": { status: 404, title: "There is no such product" },
  "unknown-category": { status: 404, title: "There is no such category" },
  "unknown-image": { status: 404, title: "There is no such image" },
  unavailable: { status: 503, title: "What this answer needs cannot be reached just now" },
  internal: { status: 500, title: "Something is broken here" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** Thrown by routes; the server's error handler writes it. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];

  constructor(code: ProblemCode, detail: string, errors: readonly FieldError[] = [], options?: ErrorOptions) {
    super(detail, options);
    this.code = code;
    this.errors = errors;
  }

  get status(): number {
    return problems[this.code].status;
  }

  body(): object {
    const { status, title } = problems[this.code];
    return {
      type: `urn:shelfwire:problem:${this.code}`,
      title,
      status,
      detail: this.message,
      ...(this.errors.length > 0 && { errors: this.errors }),
    };
  }
}
