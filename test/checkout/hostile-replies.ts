import type { Reply } from "../checkout-trial/connection.ts";
import type { HostileRequest } from "./hostile-requests.ts";

/** A hostile request on its way, and what it may be answered with. */

export function bytesOf({ path, headers, body }: HostileRequest, authorization: string): Buffer {
  const head = `POST /api/checkout/${path} HTTP/1.1\r\nHost: shop\r\n${authorization}${headers}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

/** What is wrong with the answer, in words: none is a failure, and each refusal is a problem document. */
export function problemOf(
  { statuses }: HostileRequest,
  { status, mediaType, body }: Reply,
): string | undefined {
  if (status >= 500) return "the node failed";
  if (!statuses.includes(status)) return "the status is another one";
  if (status === 200) return undefined;
  if (mediaType !== "application/problem+json") return "it is no problem document by its type";
  const document = parsed(body);
  return document?.status === status &&
    document.type?.startsWith("urn:shelfwire:problem:") === true &&
    Boolean(document.title) &&
    Boolean(document.detail)
    ? undefined
    : "it is no problem document";
}

interface ProblemDocument {
  readonly type?: string;
  readonly status?: number;
  readonly title?: string;
  readonly detail?: string;
}

function parsed(body: string): ProblemDocument | undefined {
  try {
    return JSON.parse(body) as ProblemDocument;
  } catch {
    return undefined;
  }
}
