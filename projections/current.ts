import type { ProductRead, Versioned } from "./read-model.ts";
import { revisionOf, type Versions } from "./version.ts";

/**
 * What older software put back after a rebuild. It may still run beside the new one and fill a miss with what
 * its fold makes of the last event; such a register is taken for absent, so that the log gives it again.
 */
export function currentOf(read: ProductRead, versions: Versions): ProductRead {
  const { position, product, price, inventory } = read;
  const revision = revisionOf(versions(0));
  // While a partition waits to be rebuilt, what the older fold made is what there is.
  if (position === undefined || revisionOf(position.version) < revision) return read;
  const current = <T>(register: Versioned<T> | undefined) =>
    register !== undefined && revisionOf(register.version) < revision ? undefined : register;
  return { ...read, product: current(product), price: current(price), inventory: current(inventory) };
}
