/** Why an embedded server or the data folder cannot be had, in one line for the person who starts it. */
export class EmbeddedFailure extends Error {
  override readonly name = "EmbeddedFailure";
}
