import { createHash, createHmac } from "node:crypto";
import type { ReceivedRequest } from "./provider-server.ts";

/**
 * The signature that a request must have, computed from the request as it came. Source: "Create a signed AWS API request"
 * (Signature Version 4) in the AWS documentation.
 */
export function expectedSignature(
  request: ReceivedRequest,
  secret: string,
  scope: { readonly region: string; readonly service: string },
): { readonly signature: string; readonly signedHeaders: readonly string[]; readonly credential: string } {
  const { authorization = "" } = request.headers;
  const [, credential = "", signed = ""] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=[0-9a-f]{64}$/.exec(
      authorization,
    ) ?? [];
  const time = request.headers["x-amz-date"] ?? "";
  const day = time.slice(0, 8);
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const keyed = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const signedHeaders = signed.split(";");
  const canonical = [
    request.method,
    request.path,
    "",
    ...signedHeaders.map((name) => `${name}:${request.headers[name]?.trim()}`),
    "",
    signed,
    hash(request.body),
  ].join("\n");
  const place = `${day}/${scope.region}/${scope.service}/aws4_request`;
  const key = [day, scope.region, scope.service, "aws4_request"].reduce<string | Buffer>(
    (last, part) => keyed(last, part),
    `AWS4${secret}`,
  );
  const signature = keyed(key, `AWS4-HMAC-SHA256\n${time}\n${place}\n${hash(canonical)}`).toString("hex");
  return { signature, signedHeaders, credential };
}
