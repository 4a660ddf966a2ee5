import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { readShopify } from "../../../ops/import/shopify/read-shopify.ts";
import { feedFolder, productsOf, readAll, rejectionsOf } from "./reading.ts";

const folder = feedFolder();

const old =
  "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Image Position,Image Alt Text,Variant Image,Status";
const rows = [
  'shirt,"Shirt, blue","<p>Cotton &amp; linen</p><ul><li>cool</li></ul>",Maker,Tops,"men, blue",true,Size,S,Colour,Blue,SH-S,250,3,20.00,25.00,4006381333931,https://i/1.jpg,2,Front,,active',
  "shirt,,,,,,,,M,,Blue,SH-M,250,0,21.00,,,https://i/2.jpg,1,,https://i/m.jpg,",
  "shirt,,,,,,,,,,,,,,,,,https://i/3.jpg,3,Back,,",
  "shirt,,,,,,,,L,,Blue,,,,,,,,,,,",
  "mug,Mug,,,,,false,Title,Default Title,,,,,5.0,8,8,ABC-1,,,,,active",
];

/** The same export in the later headings, columns in another order. */
function renamed(): string {
  const names: Readonly<Record<string, string>> = {
    Handle: "URL handle",
    "Body (HTML)": "Description",
    Published: "Published on online store",
    "Option1 Name": "Option1 name",
    "Option1 Value": "Option1 value",
    "Option2 Name": "Option2 name",
    "Option2 Value": "Option2 value",
    "Variant SKU": "SKU",
    "Variant Grams": "Weight value (grams)",
    "Variant Inventory Qty": "Inventory quantity",
    "Variant Price": "Price",
    "Variant Compare At Price": "Compare-at price",
    "Variant Barcode": "Barcode",
    "Image Src": "Product image URL",
    "Image Position": "Image position",
    "Image Alt Text": "Image alt text",
    "Variant Image": "Variant image URL",
  };
  const fieldsOf = (row: string) => row.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)?.slice(0, 22) ?? [];
  const reversed = (row: string) =>
    fieldsOf(row)
      .map((field) => field.replace(/,$/, ""))
      .reverse()
      .join(",");
  const header = old.split(",").map((name) => names[name] ?? name);
  return ["\ufeff" + header.reverse().join(","), ...rows.map(reversed)].join("\r\n");
}

describe("a product export", () => {
  test("is a product for each variant, which share what the first row says", async () => {
    const entries = await readAll(readShopify, await folder.file("old.csv", [old, ...rows].join("\n")));
    expect(rejectionsOf(entries)).toEqual([]);
    const products = productsOf(entries);
    expect(products.map(({ id, line }) => [id, line])).toEqual([
      ["SH-S", 2],
      ["SH-M", 3],
      ["shirt-L-Blue", 5],
      ["mug", 6],
    ]);
    const images = [
      { url: "https://i/2.jpg" },
      { url: "https://i/1.jpg", alt: "Front" },
      { url: "https://i/3.jpg", alt: "Back" },
    ];
    const shared = {
      title: "Shirt, blue",
      description: "Cotton & linen\n\n- cool",
      brand: "Maker",
      status: "active",
    };
    const [small, medium, large, mug] = products;
    expect(small).toMatchObject({
      path: ["Tops"],
      price: { new_price: { amount: 2000, currency: "GBP" }, list_price: { amount: 2500, currency: "GBP" } },
      stock: 3,
      details: {
        ...shared,
        gtin: "4006381333931",
        images,
        specs: { tags: "men, blue", weight_g: 250 },
        group_id: "shirt",
        options: { Size: "S", Colour: "Blue" },
      },
    });
    expect(medium).toMatchObject({
      price: { new_price: { amount: 2100, currency: "GBP" } },
      stock: 0,
      details: {
        ...shared,
        images: [{ url: "https://i/m.jpg" }, ...images],
        options: { Size: "M", Colour: "Blue" },
      },
    });
    expect(medium?.price).not.toHaveProperty("list_price");
    expect(large).toMatchObject({
      price: { new_price: { amount: 2000 }, list_price: { amount: 2500 } },
      stock: undefined,
      details: { ...shared, group_id: "shirt" },
    });
    expect(mug).toMatchObject({
      path: [],
      price: { new_price: { amount: 800 } },
      stock: 5,
      details: { title: "Mug", status: "discontinued", specs: { barcode: "ABC-1" } },
    });
    expect(mug?.price).not.toHaveProperty("list_price");
    expect(mug?.details).not.toHaveProperty("group_id");
    expect(mug?.details).not.toHaveProperty("gtin");
  });

  test("says the same with the later headings, in any order, gzipped, with a mark and other line ends", async () => {
    const first = await readAll(readShopify, await folder.file("old.csv", [old, ...rows].join("\n")));
    const later = await readAll(readShopify, await folder.file("new.csv.gz", gzipSync(renamed())));
    const meaning = (entries: typeof first) => productsOf(entries).map(({ row: _row, ...rest }) => rest);
    expect(meaning(later)).toEqual(meaning(first));
  });

  test("reports each row that is broken with its line and goes on", async () => {
    const header =
      "Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Variant Compare At Price,Status";
    const text = [
      header,
      "a,A,true,,,A,1,1.50,,",
      'b,B,true,,,B,1,"1,99",,',
      "c,C,true,,,C,-1,2.00,,",
      "d,D,true,,,D,1,2.001,,",
      "e,E,true,,,E,two,2.00,,",
      "f,F,true,,,F,1,-2.00,,",
      "g,G,true,,,G,1,,,",
      ",H,true,,,H,1,2.00,,",
      "i,,true,,,I,1,2.00,,",
      "j,J,maybe,,,J,1,2.00,,sold",
      `k,K,true,Size,${"x".repeat(130)},,1,2.00,,`,
      "l,L,true,,,L,1,2.00",
      'm,"M,true,,,M,1,2.00,,',
      "n,N\u00e9,true,,,N,1,2.00,,",
      "o,O,true,Size,S,O-S,1,bad,,",
      "o,,,,M,O-M,1,3.00,,",
      "p,P,true,,,P,1,2.00,cheap,",
      'q,"Q',
      'quoted",true,,,Q,1,2.00,,',
      "r,R,true,,,R,1,2.00 XYZ,,",
      "s,S,true,,,S,1,2.00,,",
    ].join("\n");
    const bytes = Buffer.from(text);
    // The é of line 15 as Latin-1 has it: no UTF-8.
    const broken = Buffer.from(bytes.toString("latin1").replace("\u00c3\u00a9", "\u00e9"), "latin1");
    const entries = await readAll(readShopify, await folder.file("broken.csv", broken));
    expect(rejectionsOf(entries)).toEqual([
      [3, "bad-price", "B"],
      [4, "negative-quantity", "C"],
      [5, "price-too-precise", "D"],
      [6, "bad-quantity", "E"],
      [7, "negative-price", "F"],
      [8, "no-price", "G"],
      [9, "no-handle", undefined],
      [10, "no-title", "I"],
      [11, "bad-status", "J"],
      [12, "bad-id", undefined],
      [13, "wrong-column-count", undefined],
      [14, "malformed-row", undefined],
      [15, "bad-encoding", undefined],
      [16, "bad-price", "O-S"],
      [18, "bad-price", "P"],
      [21, "unknown-currency", "R"],
    ]);
    expect(productsOf(entries).map(({ id }) => id)).toEqual(["A", "O-M", "Q", "S"]);
    expect(productsOf(entries)[1]?.details.title).toBe("O");
    expect(productsOf(entries)[2]?.details.title).toBe("Q\nquoted");
  });

  test("names everything that is wrong with a row, so that it is mended once", async () => {
    const file = await folder.file(
      "twice.csv",
      "Handle,Title,Variant Price,Variant Inventory Qty\nx,X,dear,-4",
    );
    const [entry] = await readAll(readShopify, file);
    expect(entry).toMatchObject({
      reason: "bad-price",
      detail:
        'the price "dear" is no price: write it like 15.00 GBP; the inventory quantity is -4: stock is 0 or more',
      row: "x,X,dear,-4",
    });
  });

  test("is refused where its headings are not an export's", async () => {
    const read = async (text: string) => readAll(readShopify, await folder.file("other.csv", text));
    await expect(read("Handle,Title\na,b")).rejects.toThrow('no column "Variant Price" or "Price"');
    await expect(read("Handle,URL handle,Title,Price\n")).rejects.toThrow(
      '"Handle" and "URL handle" mean the same',
    );
    await expect(read("")).rejects.toThrow("is empty");
  });
});

const samples = resolve(import.meta.dirname, "../../../../shared/data/shopify");
const present = existsSync(samples);
if (!present) console.warn(`skipped: ${samples} is not there (it is no part of the repository)`);

test.skipIf(!present)("Shopify's own samples are read to the last row", async () => {
  const apparel = await readAll(readShopify, `${samples}/apparel.csv`);
  const home = await readAll(readShopify, `${samples}/home-and-garden.csv`);
  expect([...rejectionsOf(apparel), ...rejectionsOf(home)]).toEqual([]);
  expect(productsOf(home)).toHaveLength(21);
  expect(productsOf(home).find(({ id }) => id === "clay-plant-pot-Large")).toMatchObject({
    price: { new_price: { amount: 1599, currency: "GBP" } },
    stock: 3,
    details: { group_id: "clay-plant-pot", options: { Size: "Large" } },
  });
});
