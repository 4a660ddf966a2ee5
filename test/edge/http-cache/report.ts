import { explanations } from "./explanations.ts";
import type { Kind, Results, SuiteTest } from "./suite.ts";

export interface Run {
  readonly cache: string;
  readonly results: Results;
}

export const passed = (tests: readonly SuiteTest[], { results }: Run, kind: Kind): number =>
  tests.filter((test) => test.kind === kind && results[test.id] === true).length;

/** Required tests that our run did not pass. */
export const failedOf = (tests: readonly SuiteTest[], { results }: Run): readonly SuiteTest[] =>
  tests.filter(({ id, kind }) => kind === "required" && results[id] !== true && results[id] !== undefined);

/** The page of the docs, from the results alone. */
export function pageOf(
  version: string,
  varnish: string,
  tests: readonly SuiteTest[],
  runs: readonly Run[],
  ours: Run,
): string {
  const forBrowsers = tests.filter(({ kind, browserOnly }) => kind === "required" && browserOnly).length;
  const count = (kind: Kind) => tests.filter((test) => test.kind === kind && !test.browserOnly).length;
  const kinds: readonly Kind[] = ["required", "optimal", "check"];
  const failed = failedOf(tests, ours);
  return `# The edge, as measured by http-cache-tests

[http-cache-tests](https://cache-tests.fyi) is a public suite that asks what a cache makes of HTTP (RFC 9111). It knows nothing of
Shelfwire: its origin gives ordinary answers under ordinary addresses. \`npm run http-cache-tests\` fetches it, runs it through
the [edge's configuration](edge-varnish.md) and through Varnish as it comes, and writes this page; it fails where a required
test fails that this page does not explain.

Version ${version}, ${varnish}. Of ${count("required") + forBrowsers} required tests ${forBrowsers} are for browsers only.

| | ${kinds.map((kind) => `${kind}: of ${count(kind)}`).join(" | ")} |
|---|${kinds.map(() => "---").join("|")}|
${runs.map((run) => `| ${run.cache} | ${kinds.map((kind) => passed(tests, run, kind)).join(" | ")} |`).join("\n")}

A test counts as passed by its own result. "Optimal" asks whether a stored answer is used wherever it might be, "check" only
how a cache behaves: neither has a right answer. The edge stores no errors, nothing without a lifetime that somebody named,
and nothing for who sent \`Authorization\`, which is most of what it lacks there.

## Required tests that are not passed

| test | what it asks | why not |
|---|---|---|
${failed.map(({ id, name }) => `| \`${id}\` | ${name} | ${explanations[id] ?? "**not explained**"} |`).join("\n")}
`;
}
