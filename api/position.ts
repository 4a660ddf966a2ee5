import type { FastifyRequest } from "fastify";
import { Problem } from "./problems.ts";
import type { RouteContext } from "./routes/context.ts";

/** Positions of the log as callers see them: `<stream>/<sequence>`. */
export function positionText(stream: string, sequence: number): string {
  return `${stream}/${sequence}`;
}

/** The sequence that `Catalog-Min-Version` asks for: the answer must include everything up to there. */
export async function minimumSequence(
  request: FastifyRequest,
  context: RouteContext,
): Promise<number | undefined> {
  const header = request.headers["catalog-min-version"];
  if (header === undefined) return undefined;
  const match = /^([A-Za-z0-9_-]{1,64})\/(\d{1,15})$/.exec(String(header));
  if (match === null || match[1] !== context.stream) {
    throw new Problem("invalid-parameter", `Catalog-Min-Version: must be ${context.stream}/<sequence>`, [
      { field: "Catalog-Min-Version", message: `must be ${context.stream}/<sequence>` },
    ]);
  }
  const sequence = Number(match[2]);
  const reached = await context.health.reaches(sequence).catch(() => true);
  if (!reached)
    throw new Problem("unknown-position", `Catalog-Min-Version: the log has not reached ${header} yet`);
  return sequence;
}
