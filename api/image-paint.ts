import { circle, ellipse, type Paint, path, rect } from "./image-shapes.ts";

/**
 * The colours of product images. Hues drawn at random quarrel, so these were chosen by eye: each scheme has
 * a main colour, an accent, and a wall and a pool of light that let both stand out.
 */
type Hsl = readonly [hue: number, saturation: number, lightness: number];

interface Scheme {
  readonly main: Hsl;
  readonly accent: Hsl;
  readonly wall: Hsl;
  readonly glow: Hsl;
}

const schemes: readonly Scheme[] = [
  { main: [12, 60, 60], accent: [196, 42, 36], wall: [34, 56, 93], glow: [28, 66, 86] },
  { main: [196, 44, 44], accent: [36, 78, 60], wall: [190, 30, 93], glow: [186, 36, 84] },
  { main: [42, 74, 58], accent: [216, 36, 38], wall: [212, 34, 93], glow: [208, 42, 86] },
  { main: [152, 26, 46], accent: [16, 64, 60], wall: [24, 50, 94], glow: [18, 56, 88] },
  { main: [224, 38, 50], accent: [350, 62, 66], wall: [350, 42, 95], glow: [346, 50, 89] },
  { main: [348, 46, 62], accent: [168, 32, 38], wall: [158, 24, 93], glow: [156, 28, 85] },
  { main: [268, 30, 56], accent: [44, 74, 58], wall: [48, 56, 93], glow: [44, 66, 85] },
  { main: [24, 48, 54], accent: [182, 38, 36], wall: [92, 22, 93], glow: [96, 24, 85] },
  { main: [174, 34, 50], accent: [8, 58, 56], wall: [256, 30, 95], glow: [252, 36, 90] },
  { main: [208, 50, 56], accent: [28, 76, 58], wall: [40, 40, 94], glow: [210, 46, 88] },
];

/** Main colours that a variant's identifier may name. */
const colours: ReadonlyMap<string, Hsl> = new Map([
  ["black", [220, 10, 27]],
  ["charcoal", [215, 10, 38]],
  ["grey", [215, 8, 62]],
  ["white", [40, 24, 96]],
  ["ivory", [42, 44, 88]],
  ["natural", [36, 36, 71]],
  ["navy", [222, 46, 32]],
  ["blue", [212, 52, 56]],
  ["teal", [182, 44, 42]],
  ["sage", [110, 18, 60]],
  ["olive", [74, 28, 42]],
  ["mustard", [42, 70, 56]],
  ["rust", [16, 58, 48]],
  ["red", [4, 60, 53]],
  ["blush", [8, 52, 80]],
  ["plum", [312, 26, 40]],
]);

/** How an image is painted: `words` may name the main colour, `draw` (any whole number) decides the rest. */
export function paintOf(
  words: readonly string[],
  draw: number,
): { readonly paint: Paint; readonly backdrop: string } {
  const scheme = schemes[draw % schemes.length];
  if (scheme === undefined) throw new RangeError("there are no colours to choose from");
  const named = words.findLast((word) => colours.has(word));
  const main = (named === undefined ? undefined : colours.get(named)) ?? scheme.main;
  const [hue, saturation, lightness] = main;
  return {
    paint: {
      main: css(main),
      dark: css([hue, saturation, Math.round(lightness * 0.84)]),
      light: css([hue, Math.round(saturation * 0.85), Math.round(lightness + (96 - lightness) * 0.5)]),
      accent: css(scheme.accent),
    },
    backdrop: backdrop(scheme, Math.floor(draw / schemes.length)),
  };
}

/** A wall with a pool of light, and a floor. */
function backdrop({ wall, glow }: Scheme, draw: number): string {
  const pools = [
    circle(300, 290, 226, css(glow)),
    path("M110 480V300a190 190 0 0 1 380 0v180z", css(glow)),
    path("M0 0h330L600 330V480H0z", css(glow)),
    rect(84, 76, 432, 404, 48, css(glow)),
  ];
  const [hue, saturation, lightness] = glow;
  return (
    rect(0, 0, 600, 600, 0, css(wall)) +
    (pools[draw % pools.length] ?? "") +
    rect(0, 476, 600, 124, 0, css([hue, Math.round(saturation * 0.7), lightness - 5])) +
    ellipse(300, 484, 212, 18, css([hue, Math.round(saturation * 0.5), lightness - 16]))
  );
}

function css([hue, saturation, lightness]: Hsl): string {
  return `hsl(${hue},${saturation}%,${lightness}%)`;
}
