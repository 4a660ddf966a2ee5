import type { Random } from "../../../ops/demo/random.ts";

/** Requests as bytes. */

export interface Attack {
  readonly bytes: Buffer;
  /** The statuses that are right; 0 for a connection that ends without a word. */
  readonly right: readonly number[];
  /** The sender ends its side, so that an unfinished request is known to stay so. */
  readonly end?: boolean;
}

export type Row = (random: Random) => Attack;

export function request(
  line: string,
  headers: readonly string[] = [],
  body: string | Buffer = "",
  right: readonly number[] = [400],
): Attack {
  const head = [`${line} HTTP/1.1`, "Host: shop.example", "Connection: close", ...headers].join("\r\n");
  return { bytes: Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), Buffer.from(body)]), right };
}

export function post(
  path: string,
  headers: readonly string[],
  body: string | Buffer,
  right: readonly number[],
): Attack {
  const type = headers.some((header) => /^content-type/i.test(header))
    ? []
    : ["Content-Type: application/json"];
  return request(
    `POST ${path}`,
    [...headers, ...type, `Content-Length: ${Buffer.byteLength(body)}`],
    body,
    right,
  );
}
