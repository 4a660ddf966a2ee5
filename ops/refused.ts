/** What the operator asked for cannot be done; the message is one line that says what to do instead. */
export class Refused extends Error {
  override readonly name = "Refused";
}
