import type { Layout } from "../feed/columns.ts";
import type { FeedRow } from "../feed/feed-rows.ts";

/** The columns of a product export that say something about the catalogue, in both generations of headings. */
const headings = {
  handle: ["handle", "urlhandle"],
  title: ["title"],
  body: ["bodyhtml", "body", "description"],
  vendor: ["vendor"],
  productCategory: ["productcategory"],
  type: ["type", "customproducttype"],
  tags: ["tags"],
  published: ["published", "publishedononlinestore"],
  status: ["status"],
  option1Name: ["option1name"],
  option1Value: ["option1value"],
  option2Name: ["option2name"],
  option2Value: ["option2value"],
  option3Name: ["option3name"],
  option3Value: ["option3value"],
  sku: ["variantsku", "sku"],
  barcode: ["variantbarcode", "barcode"],
  grams: ["variantgrams", "weightvaluegrams"],
  price: ["variantprice", "price"],
  compareAt: ["variantcompareatprice", "compareatprice"],
  quantity: ["variantinventoryqty", "variantinventoryquantity", "inventoryquantity"],
  image: ["imagesrc", "productimageurl"],
  imagePosition: ["imageposition"],
  imageAlt: ["imagealttext"],
  variantImage: ["variantimage", "variantimageurl"],
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
