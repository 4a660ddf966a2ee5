import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/**
 * The walls of the house (docs/architecture.md): which room may know of which, and which one door each package
 * has. What is checked here is the text of the imports, so a file that nothing runs is held to it as well.
 */

const root = resolve(import.meta.dirname, "..");
const rooms = ["streams", "projections", "actors", "api", "ops"] as const;
type Room = (typeof rooms)[number];

const linesMax = 300;

interface Import {
  readonly from: string;
  readonly what: string;
}

const sources = globSync(
  rooms.map((room) => `${room}/**/*.ts`),
  { cwd: root },
).filter((file) => !file.endsWith(".d.ts"));
const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Every module that the file names, in imports of all forms and in `new URL(…, import.meta.url)`. */
function importsOf(file: string): readonly Import[] {
  const found = read(file).matchAll(
    /(?:^|[\s;}])(?:from|import)\s*\(?\s*["']([\w@./:-]+)["']|new URL\(\s*["']([^"']+)["']\s*,\s*import\.meta\.url/g,
  );
  return [...found].map(([, imported, url]) => ({ from: file, what: imported ?? url ?? "" }));
}

const imports = sources.flatMap(importsOf);
const isOurs = ({ what }: Import): boolean => what.startsWith(".");
const pathOf = ({ from, what }: Import): string => relative(root, resolve(root, dirname(from), what));
const roomOf = (path: string): string => path.split("/")[0] ?? "";
const told = ({ from, what }: Import): string => `${from} imports ${what}`;

/** What each room may know of, its own files aside. Adapters are for who wires them. */
const open: Readonly<Record<Room, { readonly rooms: readonly Room[]; readonly closed: readonly string[] }>> =
  {
    streams: { rooms: [], closed: [] },
    projections: { rooms: ["streams"], closed: ["streams/jetstream/"] },
    actors: { rooms: ["streams", "projections"], closed: ["streams/jetstream/", "projections/redis/"] },
    api: {
      rooms: ["streams", "projections", "actors"],
      closed: ["streams/jetstream/", "projections/redis/"],
    },
    ops: { rooms: ["streams", "projections", "actors", "api"], closed: [] },
  };

describe("the rooms", () => {
  test.each(rooms)("%s knows of no more than it may", (room) => {
    const { rooms: allowed, closed } = open[room];
    const crossed = imports
      .filter((one) => isOurs(one) && roomOf(one.from) === room)
      .filter((one) => {
        const path = pathOf(one);
        const other = roomOf(path);
        if (other === room) return false;
        const isFile = !path.includes("/");
        if (room === "ops" && (isFile || other === "node_modules")) return false;
        return !allowed.some((each) => each === other) || closed.some((part) => path.startsWith(part));
      });
    expect(crossed.map(told)).toEqual([]);
  });

  test("inside streams and projections only adapters know of adapters", () => {
    const parts = ["streams/jetstream/", "projections/redis/", "projections/memory/"];
    const crossed = imports.filter(isOurs).filter((one) => {
      const part = parts.find((each) => pathOf(one).startsWith(each));
      return part !== undefined && roomOf(one.from) === roomOf(part) && !one.from.startsWith(part);
    });
    expect(crossed.map(told)).toEqual([]);
  });
});

/** A package without an entry may be used anywhere in `ops`, and nowhere else. */
const doors: readonly { readonly packages: RegExp; readonly doors: RegExp }[] = [
  { packages: /^(?:nats|@nats-io\/.+)$/, doors: /^streams\/jetstream\// },
  { packages: /^ioredis$/, doors: /^projections\/redis\// },
  { packages: /^pino(?:-pretty)?$/, doors: /^ops\/logger\.ts$/ },
  { packages: /^(?:fastify|@fastify\/.+)$/, doors: /^api\// },
  // Tokens are verified in one place, and made in another that only the demo has.
  { packages: /^jose$/, doors: /^(?:api\/identity\/|ops\/demo\/token\.ts$)/ },
  { packages: /^zod$/, doors: /^(?:streams\/(?:events|payloads)\.ts$|api\/|ops\/)/ },
  { packages: /^xstate$/, doors: /^actors\/hot\// },
  { packages: /^currency-codes$/, doors: /^streams\/currency\.ts$/ },
  { packages: /./, doors: /^ops\// },
];

test("each package enters by its one door", () => {
  const smuggled = imports
    .filter((one) => !isOurs(one) && !one.what.startsWith("node:"))
    .filter(({ from, what }) => doors.find(({ packages }) => packages.test(what))?.doors.test(from) !== true);
  expect(smuggled.map(told)).toEqual([]);
});

test("modules of Node are named as such", () => {
  const known = new Set([
    "fs",
    "path",
    "url",
    "os",
    "net",
    "http",
    "crypto",
    "events",
    "stream",
    "util",
    "buffer",
    "timers",
  ]);
  expect(imports.filter(({ what }) => known.has(what.split("/")[0] ?? "")).map(told)).toEqual([]);
});

test("no file is dead", () => {
  const entries = [
    "ops/main.ts",
    "ops/shelfwire.mjs",
    "ops/setup/task.mjs",
    ...globSync("bench/**/*.ts", { cwd: root }),
  ];
  const reached = new Set<string>();
  const queue = [...entries];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file) || !/\.m?ts$|\.mjs$/.test(file)) continue;
    reached.add(file);
    queue.push(...importsOf(file).filter(isOurs).map(pathOf));
  }
  // The second adapter of each port lives for the tests.
  const forTests = /^(?:streams\/memory-[^/]+|projections\/memory\/.+)\.ts$/;
  expect(sources.filter((file) => !reached.has(file) && !forTests.test(file))).toEqual([]);
});

/** The text without comments and the insides of literals, so that words in them are no code. */
function codeOf(file: string): string {
  return read(file)
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(["'])(?:\\.|(?!\1)[^\\\n])*\1/g, '""')
    .replace(/(^|[^:"'\\])\/\/.*$/gm, "$1");
}

/** Each place of a pattern in the code, as `file: line`. */
function placesOf(pattern: RegExp): readonly string[] {
  return sources.flatMap((file) =>
    codeOf(file)
      .split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
}

describe("types are proven, not claimed", () => {
  test("no any", () => {
    expect(placesOf(/[:<,|&(]\s*any\b(?!\s*\()|\bas any\b|\bany\[\]/)).toEqual([]);
  });

  test("no cast by way of unknown", () => {
    expect(placesOf(/\bas unknown as\b/)).toEqual([]);
  });

  test("no claim that something is there", () => {
    expect(placesOf(/[\w\])]!(?:[.;,)\]}[]|\s*$|\s+(?:as|in|of)\b)/)).toEqual([]);
  });

  test("no switched-off check", () => {
    expect(sources.filter((file) => /@ts-(?:ignore|expect-error|nocheck)/.test(read(file)))).toEqual([]);
  });
});

test(`no file is longer than ${linesMax} lines`, () => {
  const long = sources.filter((file) => read(file).trimEnd().split("\n").length > linesMax);
  expect(long).toEqual([]);
});
