import type { Layout } from "../feed/columns.ts";

/** The attributes of a Merchant feed that say something about the catalogue, by their names in both formats. */
export const attributeNames = [
  "id",
  "title",
  "description",
  "image_link",
  "additional_image_link",
  "availability",
  "availability_date",
  "quantity",
  "sell_on_google_quantity",
  "price",
  "sale_price",
  "sale_price_effective_date",
  "product_type",
  "google_product_category",
  "brand",
  "gtin",
  "mpn",
  "condition",
  "item_group_id",
  "color",
  "size",
  "material",
  "pattern",
  "age_group",
  "gender",
  "size_system",
  "size_type",
] as const;

export type Attribute = (typeof attributeNames)[number];

/** An item's values by attribute, none of them empty. One attribute may have several. */
export type Attributes = ReadonlyMap<Attribute, readonly string[]>;

/** In a table they are also written as `image link`, and as `g:image_link`. */
export const googleLayout: Layout<Attribute> = {
  format: "google",
  columns: attributeNames,
  required: ["id", "title", "price"],
  headingsOf: (name) => [name, `g:${name}`],
};

const known: ReadonlySet<string> = new Set(attributeNames);

export function isAttribute(name: string): name is Attribute {
  return known.has(name);
}

/** Tells variants of one item group apart. */
export const variantAttributes: readonly Attribute[] = [
  "color",
  "size",
  "material",
  "pattern",
  "age_group",
  "gender",
];
