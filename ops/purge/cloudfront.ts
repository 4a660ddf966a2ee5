import { randomUUID } from "node:crypto";
import { AwsClient } from "aws4fetch";
import type { EdgeProvider } from "../../actors/edge-purge/edge-provider.ts";
import { call } from "./call.ts";

/**
 * CloudFront: `CreateInvalidation` with `#tag` items, in a distribution whose `CacheTagConfig` names the header
 * `Cache-Tag` (docs.aws.amazon.com, CloudFront Developer Guide, "Invalidating content by cache tags"): REST with XML,
 * signed by Signature Version 4 for the service `cloudfront` in `us-east-1`.
 *
 * Limits: 3,000 items in progress in a distribution ("Concurrent invalidation request maximum"), beyond which it answers
 * `TooManyInvalidationsInProgress`; a tag has 256 characters at most, so an answer is stored without a longer one and
 * nothing is there to purge by it; tags that differ in case alone are one. Each item above 1,000 a month is paid for
 * ("Pay for file invalidation"): with changes at any rate this is the dearest of the four. An invalidation takes
 * seconds to reach all locations, and regional caches stand between them and the API: each tag is invalidated once more,
 * and paid for again.
 */
export interface CloudFrontOptions {
  readonly distribution: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
  readonly api?: string;
  readonly newReference?: () => string;
}

const tagLengthMax = 256;
const namespace = "http://cloudfront.amazonaws.com/doc/2020-05-31/";

export function createCloudFront(options: CloudFrontOptions): EdgeProvider {
  const {
    distribution,
    sessionToken,
    api = "https://cloudfront.amazonaws.com",
    newReference = randomUUID,
  } = options;
  const signer = new AwsClient({
    accessKeyId: options.accessKeyId,
    secretAccessKey: options.secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    service: "cloudfront",
    region: "us-east-1",
  });
  const url = new URL(`/2020-05-31/distribution/${encodeURIComponent(distribution)}/invalidation`, api);
  return {
    name: "cloudfront",
    limits: {
      tagsPerCall: 500,
      tagBytesPerCall: 128 * 1024,
      callsAtOnce: 2,
      callsPerSecond: 1,
      againAfterMs: 2_000,
    },
    async purge(tags, signal) {
      const known = tags.filter((tag) => tag.length <= tagLengthMax);
      if (known.length === 0) return undefined;
      const request = () =>
        signer.sign(url, {
          method: "POST",
          headers: { "content-type": "application/xml" },
          body: batchOf(known, newReference()),
        });
      await call(url.host, request, signal);
      return undefined;
    },
  };
}

/** Tags are of `A-Z a-z 0-9 _ - =` alone: nothing in them means anything to XML. */
function batchOf(tags: readonly string[], reference: string): string {
  const items = tags.map((tag) => `<Path>#${tag}</Path>`).join("");
  return (
    `<?xml version="1.0" encoding="UTF-8"?><InvalidationBatch xmlns="${namespace}">` +
    `<Paths><Quantity>${tags.length}</Quantity><Items>${items}</Items></Paths>` +
    `<CallerReference>${reference}</CallerReference></InvalidationBatch>`
  );
}
