import { createRandom } from "../../../ops/demo/random.ts";
import type { Attack, Row } from "./requests.ts";
import { rawRequest } from "./raw-request.ts";

/**
 * Sends samples of every row in turn, some at once, each other one behind a good request on its connection, and says in
 * words which answers were not right.
 */
export async function onslaught(
  port: number,
  rows: Readonly<Record<string, Row>>,
  options: { readonly seed: number; readonly samples: number; readonly atOnce: number },
): Promise<readonly string[]> {
  const { seed, samples, atOnce } = options;
  const table = Object.entries(rows);
  const wrong: string[] = [];
  const faulty = new Set<string>();
  let next = 0;

  async function send(): Promise<void> {
    while (next < samples) {
      const at = next++;
      const [name, make] = table[at % table.length] as [string, Row];
      const attack = make(createRandom(seed, at));
      const behind = Math.floor(at / table.length) % 2 === 1;
      const sent = rawRequest(port, attack.bytes, { ...attack, behind });
      const said = await sent.catch((error: Error) => error.message);
      const fault = typeof said === "string" ? said : faultOf(attack, said);
      if (fault === undefined || faulty.has(name)) continue;
      // One of a row is enough to look into; the others mostly say the same.
      faulty.add(name);
      wrong.push(`${name} (seed ${seed}, sample ${at}): ${fault}`);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, send));
  return wrong;
}

function faultOf(attack: Attack, answer: Awaited<ReturnType<typeof rawRequest>>): string | undefined {
  const { status, headers, body, text } = answer;
  const sent = JSON.stringify(attack.bytes.toString("latin1", 0, 300));
  if (!attack.right.includes(status))
    return `${status} and not ${attack.right.join(" or ")} for ${sent}: ${text.slice(0, 200)}`;
  if (text.includes(secretTitle)) return `another product's data for ${sent}`;
  if (headers["set-cookie"] !== undefined) return `a header of the attacker's for ${sent}`;
  // What Node answers by itself has no body: a missing Host, an unknown Expect.
  if (status === 0 || body === "" || headers["transfer-encoding"] === "chunked") return undefined;
  if (headers["cache-control"] !== "no-store") return `an error that caches may keep for ${sent}`;
  if (headers["content-type"] !== "application/problem+json") return `no problem document for ${sent}`;
  if (status === 401 && headers["www-authenticate"] !== "Bearer") return `no WWW-Authenticate for ${sent}`;
  if (status === 405 && headers["allow"] === undefined) return `no Allow for ${sent}`;
  const problem = JSON.parse(body) as { status: number };
  return problem.status === status ? undefined : `a problem of status ${problem.status} for ${sent}`;
}

/** Of the product `known`, which no request of the table may get. */
export const secretTitle = "The title that nobody here may read";
