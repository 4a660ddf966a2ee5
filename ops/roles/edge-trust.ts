import { createEdgeTrust, type EdgeLifetimes, type EdgeTrust } from "../../api/edge-trust.ts";
import type { Catalogue } from "../catalogue.ts";
import type { Logger } from "../logger.ts";

/** How often silence is looked for. */
const lookMs = 500;

/** What this process hears of purge actors, as a matter of trust. Without settings nothing is known of an edge. */
export function openEdgeTrust(
  { purges }: Pick<Catalogue, "purges">,
  settings: { readonly lifetimes: EdgeLifetimes; readonly providers: readonly string[] } | undefined,
  logger: Logger,
): { readonly trust: EdgeTrust; close(): void } {
  const trust = createEdgeTrust(settings?.lifetimes ?? "auto", settings?.providers ?? []);
  let wasShort = trust.isShort;
  const tell = () => {
    if (trust.isShort === wasShort) return;
    wasShort = trust.isShort;
    logger.info({ lifetimes: wasShort ? "short" : "long" }, "what CDNs are told has changed");
  };
  const listening = purges.listen({
    hear(bytes) {
      trust.hear(bytes, performance.now());
      tell();
    },
    // Silence is noticed by itself.
    missed: () => {},
  });
  const looking = setInterval(() => {
    trust.look(performance.now());
    tell();
  }, lookMs).unref();
  return {
    trust,
    close() {
      clearInterval(looking);
      listening.close();
    },
  };
}
