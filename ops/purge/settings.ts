import { z } from "zod";
import { edgeLifetimes, type EdgeLifetimes } from "../../api/edge-trust.ts";
import { ConfigError, type Environment, httpOrigins, type Setting, valueOf } from "../setting.ts";
import { type CloudflarePlan, cloudflarePlans } from "./cloudflare.ts";
import { varnishName } from "./varnish.ts";

/** The settings about edges that are purged. */

const name = z.stringFormat("name", /^[A-Za-z0-9_-]{1,128}$/);
const secret = (text: string) => ({
  unset: undefined,
  default: "none",
  meaning: text,
  allowed: "printable text without spaces",
  schema: z.stringFormat("secret", /^[\x21-\x7e]{1,4096}$/),
  secret: true as const,
});

export const purgeSettings = {
  edgeLifetimes: {
    name: "EDGE_LIFETIMES",
    unset: "auto",
    default: "auto",
    meaning:
      "What CDNs may hold: `long` as the table of policies says, `short` as browsers may, `auto` long while purges work",
    allowed: `one of ${edgeLifetimes.join(", ")}`,
    schema: z.enum(edgeLifetimes),
  } satisfies Setting<EdgeLifetimes>,
  purgeVarnish: {
    name: "PURGE_VARNISH",
    unset: undefined,
    default: "none",
    meaning:
      "Varnish caches to purge, separated by commas; the API nodes need this and the next ones as well",
    allowed: "http://HOST:PORT, several separated by commas",
    schema: httpOrigins,
  } satisfies Setting<readonly string[] | undefined>,
  purgeFastlyService: {
    name: "PURGE_FASTLY_SERVICE",
    unset: undefined,
    default: "none",
    meaning: "Fastly service to purge, with `FASTLY_API_TOKEN`",
    allowed: "the identifier of a service",
    schema: name,
  } satisfies Setting<string | undefined>,
  fastlyToken: {
    name: "FASTLY_API_TOKEN",
    ...secret("Token for it, with the scope `purge_select`"),
  } satisfies Setting<string | undefined>,
  purgeFastlySoft: {
    name: "PURGE_FASTLY_SOFT",
    unset: false,
    default: "0",
    meaning: "1 purges softly: only for a service that sets `beresp.stale_while_revalidate` to 0",
    allowed: "0 or 1",
    schema: z.enum(["0", "1"]).transform((text) => text === "1"),
  } satisfies Setting<boolean>,
  purgeCloudflareZone: {
    name: "PURGE_CLOUDFLARE_ZONE",
    unset: undefined,
    default: "none",
    meaning: "Cloudflare zone to purge, with `CLOUDFLARE_API_TOKEN`",
    allowed: "the identifier of a zone",
    schema: name,
  } satisfies Setting<string | undefined>,
  cloudflareToken: {
    name: "CLOUDFLARE_API_TOKEN",
    ...secret("Token for it, with the permission Cache Purge"),
  } satisfies Setting<string | undefined>,
  cloudflarePlan: {
    name: "CLOUDFLARE_PLAN",
    unset: "free",
    default: "free",
    meaning: "The zone's plan, which says how often it may be called",
    allowed: `one of ${cloudflarePlans.join(", ")}`,
    schema: z.enum(cloudflarePlans),
  } satisfies Setting<CloudflarePlan>,
  purgeCloudFrontDistribution: {
    name: "PURGE_CLOUDFRONT_DISTRIBUTION",
    unset: undefined,
    default: "none",
    meaning: "CloudFront distribution to purge, with `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`",
    allowed: "the identifier of a distribution",
    schema: name,
  } satisfies Setting<string | undefined>,
  awsKeyId: {
    name: "AWS_ACCESS_KEY_ID",
    ...secret("Key for it, with the permission `cloudfront:CreateInvalidation`"),
  } satisfies Setting<string | undefined>,
  awsSecret: {
    name: "AWS_SECRET_ACCESS_KEY",
    ...secret("Its secret"),
  } satisfies Setting<string | undefined>,
  awsSession: {
    name: "AWS_SESSION_TOKEN",
    ...secret("Its session, where it is a temporary one"),
  } satisfies Setting<string | undefined>,
};

export interface PurgeConfig {
  readonly varnish?: readonly string[];
  readonly fastly?: { readonly service: string; readonly token: string; readonly soft: boolean };
  readonly cloudflare?: { readonly zone: string; readonly token: string; readonly plan: CloudflarePlan };
  readonly cloudfront?: {
    readonly distribution: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | undefined;
  };
}

/** Throws `ConfigError` where a provider is named without what it needs. */
export function parsePurge(environment: Environment): PurgeConfig {
  const read = <Value>(setting: Setting<Value>): Value => valueOf(setting, environment);
  const text = (setting: Setting<string | undefined>) => read<string | undefined>(setting);
  const varnish = read<readonly string[] | undefined>(purgeSettings.purgeVarnish);
  const soft = read(purgeSettings.purgeFastlySoft);
  const plan = read<CloudflarePlan>(purgeSettings.cloudflarePlan);
  const service = text(purgeSettings.purgeFastlyService);
  const zone = text(purgeSettings.purgeCloudflareZone);
  const distribution = text(purgeSettings.purgeCloudFrontDistribution);
  const needed = (of: string, setting: Setting<string | undefined>): string => {
    const value = text(setting);
    if (value === undefined) throw new ConfigError(`${of}: needs ${setting.name} as well`);
    return value;
  };
  return {
    ...(varnish !== undefined && { varnish }),
    ...(service !== undefined && {
      fastly: {
        service,
        token: needed(`PURGE_FASTLY_SERVICE=${service}`, purgeSettings.fastlyToken),
        soft,
      },
    }),
    ...(zone !== undefined && {
      cloudflare: {
        zone,
        token: needed(`PURGE_CLOUDFLARE_ZONE=${zone}`, purgeSettings.cloudflareToken),
        plan,
      },
    }),
    ...(distribution !== undefined && {
      cloudfront: {
        distribution,
        accessKeyId: needed(`PURGE_CLOUDFRONT_DISTRIBUTION=${distribution}`, purgeSettings.awsKeyId),
        secretAccessKey: needed(`PURGE_CLOUDFRONT_DISTRIBUTION=${distribution}`, purgeSettings.awsSecret),
        sessionToken: text(purgeSettings.awsSession),
      },
    }),
  };
}

/** The names by which purge actors speak of the configured providers. */
export const providerNames = ({ varnish = [], ...others }: PurgeConfig): readonly string[] => [
  ...varnish.map(varnishName),
  ...Object.keys(others),
];
