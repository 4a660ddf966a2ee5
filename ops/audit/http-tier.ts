import { Agent, get, type IncomingHttpHeaders } from "node:http";
import { Agent as SecureAgent, get as getSecurely } from "node:https";
import type { TierKind } from "./bounds.ts";
import { judgeAnswer } from "./judge-answer.ts";
import type { Reply, Tier } from "./tier.ts";

/**
 * An API node or an edge, asked for assembled products as anybody is who has no token. Over several connections in
 * turn, since a node deals them out to threads that hold answers of their own.
 */
const connections = 8;
const answerMsMax = 5_000;

export function createHttpTier(kind: TierKind, url: string): Tier {
  const { protocol, hostname, port, host } = new URL(url);
  const secure = protocol === "https:";
  const settings = { keepAlive: true, maxSockets: 1, timeout: answerMsMax };
  const agents = Array.from({ length: connections }, () =>
    secure ? new SecureAgent(settings) : new Agent(settings),
  );
  let turn = 0;

  return {
    kind,
    name: `${kind} ${host}`,
    ask(id) {
      const agent = agents[turn++ % connections];
      const path = `/api/products/${encodeURIComponent(id)}`;
      const askedAt = Date.now();
      return new Promise((resolve) => {
        const done = (status: number, body: Buffer, headers: IncomingHttpHeaders): void => {
          clearTimeout(late);
          const answered = { status, body, askedAt, answeredAt: Date.now() };
          resolve({
            ...answered,
            judge: (history, head, others) => judgeAnswer(history, answered, head, others),
            evidence: evidenceOf(status, headers),
            claims: positionIn(headers["catalog-version"]),
          });
        };
        const failed = () => done(0, Buffer.alloc(0), {});
        const ask = secure ? getSecurely : get;
        const request = ask({ hostname, port, path, ...(agent && { agent }) }, (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.on("end", () => done(response.statusCode ?? 0, Buffer.concat(parts), response.headers));
          response.on("error", failed);
        });
        request.on("error", failed);
        const late = setTimeout(() => request.destroy(), answerMsMax);
      });
    },
    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}

const telling = ["age", "cache-status", "catalog-version", "etag", "x-varnish"] as const;

function evidenceOf(status: number, headers: IncomingHttpHeaders): Reply["evidence"] {
  const told = telling.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, String(headers[name])]],
  );
  return { status, ...Object.fromEntries(told) };
}

function positionIn(header: string | string[] | undefined): number | undefined {
  const match = /\/(\d{1,15})$/.exec(String(header ?? ""));
  return match === null ? undefined : Number(match[1]);
}
