/**
 * Everything that can go wrong for a caller, as one table: problem documents of RFC 9457. The code in `type`
 * is stable; `detail` and `errors` say what to do about this one.
 */
const problems = {
  "invalid-parameter": { status: 400, title: "A parameter is not valid" },
  "invalid-url": { status: 400, title: "The address cannot be read" },
  "invalid-request": { status: 400, title: "The request is not valid HTTP" },
  "invalid-body": { status: 400, title: "The body cannot be read" },
  "unknown-position": { status: 400, title: "The log has no such position yet" },
  "quote-invalid": { status: 400, title: "The quote is not one that you were given" },
  unauthorized: { status: 401, title: "You are not signed in" },
  "not-found": { status: 404, title: "There is nothing here" },
  "unknown-product": { status: 404, title: "There is no such product" },
  "unknown-category": { status: 404, title: "There is no such category" },
  "unknown-image": { status: 404, title: "There is no such image" },
  "unknown-reservation": { status: 404, title: "There is no such reservation" },
  "method-not-allowed": { status: 405, title: "This cannot be done here" },
  "request-timeout": { status: 408, title: "The request took too long" },
  "price-moved": { status: 409, title: "A price is higher than it was quoted" },
  "not-for-sale": { status: 409, title: "A product is not for sale" },
  "out-of-stock": { status: 409, title: "There is less in stock than you want" },
  "purchase-limit": { status: 409, title: "A sale has a limit for each buyer" },
  "reservation-in-progress": { status: 409, title: "This very request is being answered" },
  "reservation-confirmed": { status: 409, title: "The reservation is an order by now" },
  "reservation-cancelled": { status: 409, title: "The reservation was cancelled" },
  "quote-expired": { status: 410, title: "The quote is no longer valid" },
  "reservation-expired": { status: 410, title: "The reservation has ended" },
  "body-too-large": { status: 413, title: "The body is too large" },
  "url-too-long": { status: 414, title: "The address is too long" },
  "unsupported-body": { status: 415, title: "The body must be JSON" },
  "idempotency-key-reused": { status: 422, title: "The key was used for another request" },
  "too-many-requests": { status: 429, title: "You ask more often than anybody may" },
  "too-many-reservations": { status: 429, title: "You have as many reservations as anybody may" },
  "headers-too-large": { status: 431, title: "The headers are too large" },
  unavailable: { status: 503, title: "What this answer needs cannot be reached just now" },
  overloaded: { status: 503, title: "There is more to do here than can be done" },
  internal: { status: 500, title: "Something is broken here" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export interface ProblemOptions extends ErrorOptions {
  /** When to ask again. A second from now for what can only be that, if nothing else is said. */
  readonly retryAfterSeconds?: number;
  /** What problems of this kind say besides (RFC 9457, 3.2). */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Thrown by routes; the server's error handler writes it. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[];
  readonly retryAfterSeconds: number | undefined;
  private readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: ProblemCode,
    detail: string,
    errors: readonly FieldError[] = [],
    options: ProblemOptions = {},
  ) {
    super(detail, options);
    this.code = code;
    this.errors = errors;
    this.members = options.members ?? {};
    const { status } = problems[code];
    this.retryAfterSeconds = options.retryAfterSeconds ?? (status === 503 || status === 429 ? 1 : undefined);
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
      ...this.members,
    };
  }
}

/** Whether no tier that has it answers. */
export const isUnavailable = (error: unknown): error is Problem =>
  error instanceof Problem && error.code === "unavailable";
