import type { Layout } from "../feed/columns.ts";
import type { FeedRow } from "../feed/feed-rows.ts";

/** The columns of a product export that say something about the catalogue, in both generations of headings. */
const headings = {
  handle: ["Handle", "URL handle"],
  title: ["Title"],
  body: ["Body (HTML)", "Body", "Description"],
  vendor: ["Vendor"],
  productCategory: ["Product category"],
  type: ["Type", "Custom product type"],
  tags: ["Tags"],
  published: ["Published", "Published on online store"],
  status: ["Status"],
  option1Name: ["Option1 name"],
  option1Value: ["Option1 value"],
  option2Name: ["Option2 name"],
  option2Value: ["Option2 value"],
  option3Name: ["Option3 name"],
  option3Value: ["Option3 value"],
  sku: ["Variant SKU", "SKU"],
  barcode: ["Variant Barcode", "Barcode"],
  grams: ["Variant Grams", "Weight value (grams)"],
  price: ["Variant Price", "Price"],
  compareAt: ["Variant Compare At Price", "Compare-at price"],
  quantity: ["Variant Inventory Qty", "Inventory quantity"],
  image: ["Image Src", "Product image URL"],
  imagePosition: ["Image position"],
  imageAlt: ["Image alt text"],
  variantImage: ["Variant Image", "Variant image URL"],
} as const;

export type ShopifyColumn = keyof typeof headings;
export type ShopifyRow = FeedRow<ShopifyColumn>;

export const shopifyLayout: Layout<ShopifyColumn> = {
  format: "shopify",
  columns: Object.keys(headings) as ShopifyColumn[],
  required: ["handle", "title", "price"],
  headingsOf: (column) => headings[column],
};

export const optionColumns: readonly { readonly name: ShopifyColumn; readonly value: ShopifyColumn }[] = [
  { name: "option1Name", value: "option1Value" },
  { name: "option2Name", value: "option2Value" },
  { name: "option3Name", value: "option3Value" },
];
