import { ImportRefused } from "../import-refused.ts";

/**
 * Where a feed's columns stand, by their headings: order, capitals and punctuation vary from export to export,
 * and generations of a format call the same column otherwise.
 */

export interface Layout<Column extends string> {
  /** The format's name, for messages. */
  readonly format: string;
  readonly columns: readonly Column[];
  readonly required: readonly Column[];
  /** Every heading that the column may have. */
  readonly headingsOf: (column: Column) => readonly string[];
}

/** A row's cell in a column, trimmed; empty where the file has no such column. */
export type CellOf<Column extends string> = (fields: readonly string[], column: Column) => string;

/** Throws `ImportRefused` where a required column is missing or any stands there twice. */
export function findColumns<Column extends string>(
  header: readonly string[],
  { format, columns, required, headingsOf }: Layout<Column>,
  file: string,
): CellOf<Column> {
  const found = header.map(plain);
  const places = new Map<Column, number>();
  const missing: string[] = [];
  for (const column of columns) {
    const headings = headingsOf(column);
    const names = headings.map(plain);
    const at = found.flatMap((heading, place) => (names.includes(heading) ? [place] : []));
    const [first, second] = at;
    if (first !== undefined && second !== undefined) {
      throw new ImportRefused(
        `${file}: the columns "${header[first]}" and "${header[second]}" mean the same: leave one of them out`,
      );
    }
    if (first !== undefined) places.set(column, first);
    else if (required.includes(column)) missing.push(`"${headings.join('" or "')}"`);
  }
  if (missing.length > 0) {
    throw new ImportRefused(
      `${file}: its first line has no column ${missing.join(" and none ")}: it is not a ${format} feed`,
    );
  }
  return (fields, column) => {
    const place = places.get(column);
    return place === undefined ? "" : (fields[place] ?? "").trim();
  };
}

function plain(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}
