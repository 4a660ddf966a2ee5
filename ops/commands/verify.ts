import { nobody } from "../../api/identity/identity.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";
import { startApi } from "../roles/api.ts";
import { startProjectors } from "../roles/projectors.ts";
import type { Servers } from "../servers.ts";
import { type VerifyProgress, type VerifyReport, verifyCatalogue } from "../verify/verify.ts";

/**
 * `shelfwire verify`: the read models and a sample of answers beside a second, separately written fold of the
 * log. Where no Shelfwire runs, projectors and an API of its own bring everything up to date first.
 */
export interface VerifyOptions {
  readonly partition?: number;
  readonly sample?: number;
}

export async function verify(
  catalogue: Catalogue,
  servers: Servers,
  logger: Logger,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const closers: (() => Promise<void>)[] = [];
  try {
    let { http } = servers;
    if (servers.own) {
      const projectors = startProjectors(catalogue, logger);
      closers.push(projectors.stop);
    }
    if (http === undefined) {
      const api = await startApi(catalogue, {
        host: "127.0.0.1",
        port: 0,
        drainMs: 0,
        identity: nobody,
        cacheBytesMax: 1_000_000,
        logger,
      });
      closers.push(api.stop);
      http = api.url;
    }
    return await verifyCatalogue({
      ...catalogue,
      ...options,
      versions: catalogue.versions.catalog,
      api: http,
      now: () => Date.now(),
      onProgress: sparingly((message) => logger.info(message)),
    });
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

const lineEveryMs = 2_000;

/** A line for each stage, and now and then one within a long one. */
function sparingly(write: (progress: VerifyProgress) => void): (progress: VerifyProgress) => void {
  let stage = "";
  let writtenAt = 0;
  return (progress) => {
    const now = performance.now();
    if (progress.stage === stage && now - writtenAt < lineEveryMs) return;
    stage = progress.stage;
    writtenAt = now;
    write(progress);
  };
}
