import type { Ask } from "./compare-answers.ts";

const answerMs = 10_000;

/** Asks a running API. A network failure is an answer with status 0. */
export function askHttp(base: string): Ask {
  return async (path, headers) => {
    try {
      const response = await fetch(new URL(path, base), { headers, signal: AbortSignal.timeout(answerMs) });
      const catalogVersion = response.headers.get("catalog-version") ?? undefined;
      return { status: response.status, catalogVersion, body: JSON.parse(await response.text()) };
    } catch (error) {
      return { status: 0, catalogVersion: undefined, body: { error: String(error) } };
    }
  };
}
