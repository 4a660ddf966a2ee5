import { fileURLToPath } from "node:url";

/**
 * What differs from place to place in the edge's VCL: the API's nodes, how they are watched, and who may purge. The rest,
 * in `vcl/`, is the same everywhere.
 */
export interface Origins {
  /** `http://HOST:PORT` of each API node; Varnish speaks no TLS to them. Readers are shared out among those that are well. */
  readonly urls: readonly string[];
  /** Addresses and networks (`10.0.0.0/8`) that may purge. */
  readonly purgers: readonly string[];
  /** Where a node says that it is in service. */
  readonly probePath: string;
}

/**
 * A node is given up after two looks without a 200, and trusted again after two with one. `/readyz` says what a load
 * balancer wants to know: that a node is level with the log, and not about to end.
 */
const probe = { intervalMs: 500, timeoutMs: 1_000, window: 3, threshold: 2 };

/**
 * Streams of events that a node is asked for at once. Each holds two of Varnish's threads for as long as a reader likes,
 * and those who want what is kept need some as well.
 */
export const streamsMax = 500;

const configuration = fileURLToPath(new URL("./vcl/shelfwire.vcl", import.meta.url));

/** The whole configuration: the part of this place, and the rest by its path. */
export function renderVcl({ urls, purgers, probePath }: Origins): string {
  const nodes = urls.map((url, at) => ({ name: `node_${at}`, url: new URL(url) }));
  return `vcl 4.1;
# Written at each start.
import directors;

probe service {
	.url = ${quoted(probePath)};
	.interval = ${probe.intervalMs}ms;
	.timeout = ${probe.timeoutMs}ms;
	.window = ${probe.window};
	.threshold = ${probe.threshold};
	.initial = ${probe.threshold};
}
${nodes.map(({ name, url }) => backend(name, url, "\t.probe = service;\n")).join("")}
# The same nodes, unwatched: Varnish asks nobody whose probe fails.
${nodes.map(({ name, url }) => backend(`${name}_anyway`, url, "")).join("")}
# The same nodes, for streams of events: as many as one may hold.
${nodes.map(({ name, url }) => backend(`${name}_streams`, url, `\t.probe = service;\n\t.max_connections = ${streamsMax};\n`)).join("")}
acl purgers {
${purgers.map((purger) => `	${aclEntry(purger)};\n`).join("")}}

sub vcl_init {
	new origins = directors.round_robin();
	new by_key = directors.shard();
	new last_resort = directors.round_robin();
	new streams = directors.round_robin();
${nodes.map(({ name }) => `	origins.add_backend(${name});\n	by_key.add_backend(${name});\n	last_resort.add_backend(${name}_anyway);\n	streams.add_backend(${name}_streams);\n`).join("")}	by_key.reconfigure();
	return (ok);
}

sub try_another_origin {
${urls.length > 1 ? askOthers(Math.min(urls.length, retriesMax)) : ""}}

include ${quoted(configuration)};
`;
}

/** Of Varnish's own. */
const retriesMax = 4;

/** A reading request may be made more than once. */
const askOthers = (
  times: number,
) => `	if (bereq.retries < ${times} && !bereq.is_bgfetch && (bereq.method == "GET" || bereq.method == "HEAD")) {
		return (retry);
	}
`;

const backend = (name: string, url: URL, more: string): string => `
backend ${name} {
	.host = ${quoted(url.hostname.replace(/^\[|\]$/g, ""))};
	.port = ${quoted(url.port || "80")};
	.host_header = ${quoted(url.host)};
${more}}
`;

function aclEntry(purger: string): string {
  const [address = "", bits] = purger.split("/");
  return bits === undefined ? quoted(address) : `${quoted(address)}/${bits}`;
}

/** Texts here are addresses and paths, which have no quotes of their own. */
const quoted = (text: string): string => `"${text}"`;
