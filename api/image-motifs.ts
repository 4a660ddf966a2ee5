import { awayMotifs } from "./image-motifs-away.ts";
import { homeMotifs } from "./image-motifs-home.ts";
import type { Motif } from "./image-shapes.ts";

/**
 * What a product image can show: some thirty things drawn by hand out of plain shapes, found by the words of
 * an identifier.
 */
const motifs: readonly Motif[] = [...homeMotifs, ...awayMotifs];

const motifByWord = new Map(
  motifs.flatMap((motif) => motif.words.split(" ").map((word) => [word, motif] as const)),
);

/**
 * The motif that the words ask for, else the one that is drawn by lot (`draw` is any whole number). The
 * last word that is known decides, as it does in English: a lamp table is a table, a table lamp a lamp.
 */
export function motifOf(words: readonly string[], draw: number): Motif {
  const asked = words.findLast((word) => motifByWord.has(word));
  const motif = (asked === undefined ? undefined : motifByWord.get(asked)) ?? motifs[draw % motifs.length];
  if (motif === undefined) throw new RangeError("there are no motifs to choose from");
  return motif;
}
