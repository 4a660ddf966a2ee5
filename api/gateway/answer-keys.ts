import type { Identifier } from "../../streams/identifier.ts";
import type { View } from "../views.ts";

/**
 * The keys of answers. An assembled product's is its identifier, which is not made anew for each request; the others
 * begin with what no identifier has.
 */
export const keyOf = (id: Identifier, view: View) => (view === "assembled" ? id : `\n${view} ${id}`);
export const pageKeyOf = (page: string) => `\npage ${page}`;

export const views = ["assembled", "details"] as const;
