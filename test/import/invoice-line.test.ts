import { describe, expect, test } from "vitest";
import { minorUnitsOf } from "../../ops/import/decimal.ts";
import { columnsOf } from "../../ops/import/retail/columns.ts";
import { parseInvoiceDate } from "../../ops/import/retail/invoice-date.ts";
import { parseInvoiceLine } from "../../ops/import/retail/invoice-line.ts";

describe("decimal text becomes minor units by its digits", () => {
  test.each([
    ["2.55", 255],
    ["2.1", 210],
    ["3", 300],
    [".5", 50],
    ["1.", 100],
    ["2.5500", 255],
    ["1.15", 115],
    ["90071992547409.91", Number.MAX_SAFE_INTEGER],
    ["-11062.06", -1_106_206],
    ["0.0", 0],
  ])("%s is %i", (text, amount) => expect(minorUnitsOf(text, 2)).toEqual({ amount }));

  test.each([
    ["0.001", "too precise"],
    ["1.005", "too precise"],
    ["1,50", "not a number"],
    ["1e3", "not a number"],
    [".", "not a number"],
    ["", "not a number"],
    ["90071992547409.92", "too large"],
  ])("%s is refused as %s", (text, problem) => expect(minorUnitsOf(text, 2)).toEqual({ problem }));

  test("a currency without minor units has none", () => {
    expect(minorUnitsOf("980", 0)).toEqual({ amount: 980 });
    expect(minorUnitsOf("980.5", 0)).toEqual({ problem: "too precise" });
  });
});

describe("dates of every export are one", () => {
  test.each([
    ["2010-12-01 08:26:00", "2010-12-01T08:26:00Z"],
    ["2010-12-01T08:26:00Z", "2010-12-01T08:26:00Z"],
    ["2010-12-01T08:26:00+01:00", "2010-12-01T07:26:00Z"],
    ["2010-12-01 08:26", "2010-12-01T08:26:00Z"],
    ["2010-12-01", "2010-12-01T00:00:00Z"],
    ["12/1/2010 8:26", "2010-12-01T08:26:00Z"],
    ["12/1/10 8:26", "2010-12-01T08:26:00Z"],
    ["12/1/2010 12:05 AM", "2010-12-01T00:05:00Z"],
    ["12/1/2010 1:05:09 PM", "2010-12-01T13:05:09Z"],
  ])("%s", (text, instant) => expect(parseInvoiceDate(text)).toBe(instant));

  test.each([
    "",
    "yesterday",
    "2011-02-29 10:00:00",
    "13/1/2010 8:26",
    "12/1/2010 24:00",
    "12/1/2010 13:00 PM",
    "2010-12-01 08:60:00",
  ])("%s is none", (text) => expect(parseInvoiceDate(text)).toBeUndefined());
});

describe("columns are found by their headings", () => {
  test("in any order, in either edition's words", () => {
    const header = [
      "Country",
      "Customer ID",
      "Price",
      "InvoiceDate",
      "Quantity",
      "Description",
      "StockCode",
      "Invoice",
    ];
    expect(columnsOf(header, "x.csv")).toMatchObject({ customer: 1, price: 2, invoice: 7, count: 8 });
  });

  test("and a file without one is refused by name", () => {
    expect(() => columnsOf(["InvoiceNo", "StockCode"], "x.csv")).toThrow('x.csv has no column "description"');
  });
});

const names = [
  "InvoiceNo",
  "StockCode",
  "Description",
  "Quantity",
  "InvoiceDate",
  "UnitPrice",
  "CustomerID",
] as const;
const format = { columns: columnsOf(names, "x.csv"), digits: 2, dateOf: parseInvoiceDate };
const sound: Record<(typeof names)[number], string> = {
  InvoiceNo: "536365",
  StockCode: " BANK CHARGES ",
  Description: " WHITE LANTERN ",
  Quantity: "6",
  InvoiceDate: "2010-12-01 08:26:00",
  UnitPrice: "2.55",
  CustomerID: "17850.0",
};

function parse(change: Partial<typeof sound>) {
  const cells = { ...sound, ...change };
  return parseInvoiceLine({ line: 7, raw: "", fields: names.map((name) => cells[name]) }, format);
}

describe("a row is a fact or a rejection", () => {
  test("a sale", () => {
    expect(parse({})).toEqual({
      line: 7,
      invoice: "536365",
      cancelled: false,
      product: "BANK CHARGES",
      description: "WHITE LANTERN",
      quantity: 6,
      price: 255,
      at: "2010-12-01T08:26:00Z",
      customer: "17850",
    });
  });

  test("a return, without a customer", () => {
    expect(parse({ InvoiceNo: "C536365", Quantity: "-6", CustomerID: "" })).toMatchObject({
      cancelled: true,
      quantity: 6,
      customer: undefined,
    });
  });

  test.each([
    [{ StockCode: "  " }, "no-stock-code"],
    [{ StockCode: "a\u0007" }, "bad-stock-code"],
    [{ StockCode: "x".repeat(129) }, "bad-stock-code"],
    [{ InvoiceNo: "" }, "bad-invoice-number"],
    [{ CustomerID: ".." }, "bad-customer"],
    [{ Quantity: "1.5" }, "bad-quantity"],
    [{ Quantity: "0" }, "bad-quantity"],
    [{ Quantity: "" }, "bad-quantity"],
    [{ Quantity: "99999999999" }, "bad-quantity"],
    [{ InvoiceDate: "13/13/2010" }, "bad-date"],
    [{ UnitPrice: "0.0" }, "price-not-above-zero"],
    [{ UnitPrice: "-11062.06" }, "price-not-above-zero"],
    [{ UnitPrice: "0.001" }, "price-too-precise"],
    [{ UnitPrice: "free" }, "bad-price"],
    [{ Quantity: "-6" }, "sign-contradicts-invoice"],
    [{ InvoiceNo: "C1", Quantity: "6" }, "sign-contradicts-invoice"],
    [{ Quantity: "-6", UnitPrice: "0.0" }, "price-not-above-zero"],
  ])("%o is rejected as %s", (change, reason) => expect(parse(change)).toMatchObject({ reason }));

  test("a row of another width is rejected", () => {
    const row = { line: 7, raw: "", fields: ["536365", "1"] };
    expect(parseInvoiceLine(row, format)).toMatchObject({ reason: "wrong-column-count" });
  });
});
