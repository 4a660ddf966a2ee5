/** The import cannot go on, for a reason that its operator can mend: one line, which says what to do. */
export class ImportRefused extends Error {
  override readonly name = "ImportRefused";
}
