/**
 * What product images are made of: a few plain shapes as SVG text. Numbers and colours come from our own
 * drawings alone, never from a request, so nothing here escapes anything.
 */

export interface Paint {
  readonly main: string;
  /** `main` in the shade, and in the light. */
  readonly dark: string;
  readonly light: string;
  /** A second colour that goes with it. */
  readonly accent: string;
}

/** A thing to draw on a sheet of 600 by 600 whose floor is at y = 480. */
export interface Motif {
  readonly name: string;
  /** The words of an identifier that ask for it. */
  readonly words: string;
  readonly draw: (paint: Paint) => string;
}

export const wood = "#b98a5e";
export const woodDark = "#94683f";
export const paper = "#fbf7ef";
export const ink = "#39404a";

export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  radius: number,
  fill: string,
): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${fill}"/>`;
}

export function circle(x: number, y: number, radius: number, fill: string): string {
  return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fill}"/>`;
}

export function ellipse(x: number, y: number, radiusX: number, radiusY: number, fill: string): string {
  return `<ellipse cx="${x}" cy="${y}" rx="${radiusX}" ry="${radiusY}" fill="${fill}"/>`;
}

export function path(d: string, fill: string): string {
  return `<path d="${d}" fill="${fill}"/>`;
}

/** An open line with round ends. */
export function stroke(d: string, colour: string, width: number): string {
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
}

/** A band of light on something rounded. */
export function gleam(d: string): string {
  return `<path d="${d}" fill="#fff" opacity=".28"/>`;
}
