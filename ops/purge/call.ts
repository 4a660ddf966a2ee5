import { PurgeFailed } from "../../actors/edge-purge/edge-provider.ts";

/** One call to a provider. What waits longer may be called again: a purge that was carried out twice does no harm. */
const callMs = 5_000;
const shownMax = 200;

/**
 * The answer's text where its status says that the call was taken. Throws `PurgeFailed` for anything else, with
 * `Retry-After` (RFC 9110, 10.2.3) where the answer has one. Nothing of the request is in the message, since it holds
 * secrets; that is so as well where `make` throws, whose error may quote them. `host` is what the message calls it.
 */
export async function call(
  host: string,
  make: () => Request | Promise<Request>,
  signal: AbortSignal,
): Promise<string> {
  const request = await Promise.try(make).catch(() => {
    throw new PurgeFailed(`no request to ${host} can be made: see the settings about it`);
  });
  let response: Response;
  let text: string;
  // Not `AbortSignal.any`: a signal that lives long keeps every one that was made from it (a kilobyte each).
  const giveUp = new AbortController();
  const end = () => giveUp.abort(new Error("given up"));
  const late = setTimeout(() => giveUp.abort(new Error(`nothing came in ${callMs} ms`)), callMs);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    response = await fetch(request, { redirect: "error", signal: giveUp.signal });
    text = await response.text();
  } catch (error) {
    const { message, cause } = error as Error;
    throw new PurgeFailed(`${host} did not answer: ${(cause as Error | undefined)?.message ?? message}`);
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", end);
  }
  if (response.ok) return text;
  throw new PurgeFailed(
    `${host} answered ${response.status}: ${text.slice(0, shownMax)}`,
    retryAfterMs(response.headers.get("retry-after"), Date.now()),
  );
}

/** Seconds, or the moment as an HTTP date. 0 for what is neither, and for none. */
function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
