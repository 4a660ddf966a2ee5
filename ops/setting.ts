import { isIP } from "node:net";
import { z } from "zod";

/** One setting: an environment variable, what it may be, and what stands when it is unset or empty. */
export interface Setting<Value> {
  readonly name: string;
  readonly unset: Value;
  /** As the README's table says it: the default, and what the setting is for. */
  readonly default: string;
  readonly meaning: string;
  /** Completes "must be ...". */
  readonly allowed: string;
  readonly schema: z.ZodType<Value, string>;
  /** A bad value is not shown as it is, since a secret may only be misspelt. */
  readonly secret?: true;
}

/** One line: the variable, its value, and what is allowed. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

export function valueOf<Value>(setting: Setting<Value>, environment: Environment): Value {
  const text = environment[setting.name]?.trim() ?? "";
  if (text === "") return setting.unset;
  const parsed = setting.schema.safeParse(text);
  if (parsed.success) return parsed.data;
  const shown = setting.secret === true ? `(${Buffer.byteLength(text)} bytes)` : withoutCredentials(text);
  throw new ConfigError(`${setting.name}=${shown}: must be ${setting.allowed}`);
}

/** A password that was put into an address by mistake stays out of the log. */
const withoutCredentials = (text: string): string => text.replaceAll(/(\/\/)[^/?#]*@/g, "$1(credentials)@");

export const wholeNumber = (least: number, most: number) =>
  z
    .stringFormat("whole number", /^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));

export const port = { allowed: "a whole number from 0 to 65535", schema: wholeNumber(0, 65_535) } as const;

/** `scheme://host:port`, several of one cluster separated by commas. */
export const addresses = (schemes: readonly string[]) =>
  z
    .string()
    .transform((text): readonly string[] => text.split(",").map((address) => address.trim()))
    .pipe(z.array(z.string().refine((address) => hasScheme(address, schemes))));

/** Addresses, and networks by the lengths of their prefixes, separated by commas. */
export const networks = z
  .string()
  .transform((text): readonly string[] => text.split(",").map((each) => each.trim()))
  .pipe(z.array(z.string().refine(isNetwork)));

function isNetwork(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

/** One `http://` or `https://` address, without credentials, which `fetch` would refuse at every use. */
export const httpAddress = z
  .string()
  .refine((address) => hasScheme(address, ["http", "https"]) && !isPersonal(new URL(address)));

/** Servers by `http://HOST:PORT` alone, several separated by commas; one that is named twice is named once. */
export const httpOrigins = z
  .string()
  .transform((text) => text.split(",").map((address) => address.trim()))
  .pipe(z.array(httpAddress.refine((address) => isOrigin(new URL(address)))))
  .transform((all): readonly string[] => [...new Map(all.map((one) => [new URL(one).origin, one])).values()]);

const isOrigin = ({ pathname, search, hash }: URL): boolean =>
  pathname === "/" && search === "" && hash === "";

const isPersonal = ({ username, password }: URL): boolean => username !== "" || password !== "";

function hasScheme(address: string, schemes: readonly string[]): boolean {
  const url = URL.parse(address);
  return url !== null && url.hostname !== "" && schemes.includes(url.protocol.slice(0, -1));
}

/** Bytes, as NATS and Redis read sizes: 1K is 1000 and 1KB is 1024. */
export const bytes = (least: number) =>
  z.string().transform(bytesOf).pipe(z.number().min(least).max(Number.MAX_SAFE_INTEGER));

const factors: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["B", 1],
  ["K", 1e3],
  ["M", 1e6],
  ["G", 1e9],
  ["T", 1e12],
  ["KB", 2 ** 10],
  ["MB", 2 ** 20],
  ["GB", 2 ** 30],
  ["TB", 2 ** 40],
]);

/** Not a number for what is no size, which the schema then refuses. */
function bytesOf(text: string): number {
  const [, digits, unit] = /^(\d{1,15}) ?([KMGT]?B?)$/.exec(text.toUpperCase()) ?? [];
  return Number(digits) * (factors.get(unit ?? "none") ?? Number.NaN);
}
