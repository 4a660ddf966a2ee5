/** Where a part says what an operator should know. The logger of `ops` is one; parts never see more of it. */
export interface Journal {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
