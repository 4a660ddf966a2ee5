import { describe, expect, test } from "vitest";
import { drawProductImage, imageHash, imageUrl } from "../../api/image.ts";
import { awayMotifs } from "../../api/image-motifs-away.ts";
import { homeMotifs } from "../../api/image-motifs-home.ts";
import { type Identifier, parseIdentifier } from "../../streams/identifier.ts";

const motifs = [...homeMotifs, ...awayMotifs];

function id(text: string): Identifier {
  const identifier = parseIdentifier(text);
  if (identifier === undefined) throw new RangeError(text);
  return identifier;
}

/** Every tag closed in order, every attribute quoted, no bare markup in between: XML, as far as we write it. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replace(
    /<(\/?)([a-z]+)((?: [A-Za-z-]+="[^"<>&]*")*)(\/?)>/g,
    (_, closing: string, name: string, _attributes: string, empty: string) => {
      if (closing !== "") expect(open.pop()).toBe(name);
      else if (empty === "") open.push(name);
      return "";
    },
  );
  expect(open).toEqual([]);
  expect(rest.replace(/&(?:amp|lt|gt|quot);/g, "")).not.toMatch(/[<>&]/);
}

const titleOf = (svg: string) => /<title>(.*?)<\/title>/su.exec(svg)?.[1];

describe("a product image", () => {
  test("is the same for the same identifier and another one for another", () => {
    const first = drawProductImage(id("SKU-1"), "A chair");
    expect(drawProductImage(id("SKU-1"), "A chair")).toBe(first);
    const drawings = new Set(Array.from({ length: 200 }, (_, n) => drawProductImage(id(`SKU-${n}`))));
    expect(drawings.size).toBeGreaterThan(100);
  });

  test("is a well-formed document below 4 KB, whatever it shows", () => {
    for (const motif of motifs) {
      for (const word of motif.words.split(" ")) {
        const svg = drawProductImage(id(`linnet-${word}-1001-navy`), "&".repeat(1_000));
        assertWellFormed(svg);
        expect(Buffer.byteLength(svg)).toBeLessThan(4_096);
      }
    }
  });

  test("shows what the last known word of the identifier names", () => {
    const lamp = drawProductImage(id("oak-table-lamp-1"));
    const shade = '<path d="M244 120h112l72 172';
    expect(lamp).toContain(shade);
    expect(drawProductImage(id("oak-lamp-table-1"))).not.toContain(shade);
  });

  test("no word asks for two motifs", () => {
    const words = motifs.flatMap((motif) => motif.words.split(" "));
    expect(new Set(words).size).toBe(words.length);
  });

  test.each([
    ["</title><script>alert(1)</script>", "&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;"],
    ['Pencils <2B & HB> "soft"', "Pencils &lt;2B &amp; HB&gt; &quot;soft&quot;"],
    ["]]> &amp;", "]]&gt; &amp;amp;"],
    ["nul \u0000 and bell \u0007", "nul \uFFFD and bell \uFFFD"],
    ["half a \uD83D pair", "half a \uFFFD pair"],
    ["whole 🪑 pair", "whole 🪑 pair"],
  ])("writes the title %j as text", (title, written) => {
    const svg = drawProductImage(id("SKU-1"), title);
    assertWellFormed(svg);
    expect(titleOf(svg)).toBe(written);
  });

  test("cuts a long title, and not through a character", () => {
    const svg = drawProductImage(id("SKU-1"), `${"x".repeat(119)}🪑`);
    expect(titleOf(svg)).toBe(`${"x".repeat(119)}\uFFFD`);
  });

  test("takes nothing from a hostile identifier", () => {
    const svg = drawProductImage(id('"/><script>&<'));
    assertWellFormed(svg);
    expect(svg).not.toContain("script");
  });
});

describe("its address", () => {
  test("holds the identifier, percent-encoded, and a short hash", () => {
    expect(imageUrl(id("A/B röd"))).toBe(`/images/A%2FB%20r%C3%B6d/${imageHash(id("A/B röd"))}.svg`);
    expect(imageHash(id("SKU-1"))).toMatch(/^[0-9a-f]{12}$/);
    expect(imageHash(id("SKU-1"))).not.toBe(imageHash(id("SKU-2")));
  });
});
