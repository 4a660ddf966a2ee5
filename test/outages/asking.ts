import { Agent, get } from "node:http";

/**
 * One node as its readers reach it: over many connections of their own, since the kernel deals connections out to
 * the threads that answer, and what one thread knows another one may not.
 */
export interface AskedNode {
  readonly name: string;
  /** On the connections of one lane; never throws. `minSequence` goes out as `Catalog-Min-Version`. */
  ask(path: string, lane: number, minSequence?: number): Promise<Reply>;
}

export interface Reply {
  readonly node: string;
  readonly lane: number;
  readonly path: string;
  /** 0: no answer. */
  readonly status: number;
  /** Who answered: `memory`, `redis`, `log`, `stale`, `default`. */
  readonly tier: string | undefined;
  readonly position: number | undefined;
  /** Of an answer that is 200. */
  readonly body: Body | undefined;
  /** The start of what came instead. */
  readonly text: string;
  /** Monotonic milliseconds. */
  readonly began: number;
  readonly ended: number;
}

export interface Body {
  readonly id?: string;
  readonly version?: number;
  readonly degraded?: boolean;
  readonly price?: {
    readonly amount: number;
    readonly list_amount: number | null;
    readonly sale: object | null;
    readonly version: number;
  } | null;
  readonly inventory?: { readonly quantity: number; readonly version: number } | null;
  readonly variants?: readonly Body[];
  readonly items?: readonly Body[];
  readonly missing?: readonly string[];
  readonly reviews?: readonly { readonly version: number }[];
  readonly categories?: readonly Body[];
  readonly children?: readonly Body[];
}

export const lanes = 12;
const answerMsMax = 5_000;

/** `sources`: addresses that lanes come from, in turn; none: the system's choice. */
export function createNode(name: string, url: string, sources: readonly string[] = []): AskedNode {
  const { hostname, port } = new URL(url);
  const agents = Array.from({ length: lanes }, (_, lane) => {
    const localAddress = sources[lane % sources.length];
    const from = localAddress === undefined ? {} : { localAddress };
    return new Agent({ keepAlive: true, maxFreeSockets: 4, ...from });
  });

  return {
    name,
    ask(path, lane, minSequence) {
      const began = performance.now();
      return new Promise((resolve) => {
        const reply = (
          status: number,
          text: string,
          headers: Readonly<Record<string, string | string[] | undefined>> = {},
        ) => {
          const position = String(headers["catalog-version"] ?? "");
          resolve({
            node: name,
            lane,
            path,
            status,
            tier: /detail=(\w+)/.exec(String(headers["cache-status"]))?.[1],
            position: position === "" ? undefined : Number(position.slice(position.indexOf("/") + 1)),
            body: status === 200 ? (JSON.parse(text) as Body) : undefined,
            text: status === 200 ? "" : text.slice(0, 300),
            began,
            ended: performance.now(),
          });
        };
        const headers = minSequence === undefined ? {} : { "catalog-min-version": `CATALOG/${minSequence}` };
        const agent = agents[lane];
        if (agent === undefined) throw new RangeError(`there is no lane ${lane}`);
        const request = get({ hostname, port, path, headers, agent, timeout: answerMsMax }, (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.on("end", () =>
            reply(response.statusCode ?? 0, Buffer.concat(parts).toString(), response.headers),
          );
          response.on("error", (error) => reply(0, String(error)));
        });
        request.on("timeout", () => request.destroy(new Error(`nothing came for ${answerMsMax} ms`)));
        request.on("error", (error) => reply(0, String(error)));
      });
    },
  };
}
