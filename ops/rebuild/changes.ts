/** The fields in which two values differ, each with the old and the new value; an absent one is undefined. */
export type Changes = Readonly<Record<string, { readonly old: unknown; readonly new: unknown }>>;

/** `name` stands before the names of the fields. Lists are compared whole. */
export function changesBetween(name: string, standing: unknown, folded: unknown): Changes {
  if (!isRecord(standing) || !isRecord(folded)) {
    return JSON.stringify(standing) === JSON.stringify(folded)
      ? {}
      : { [name]: { old: standing, new: folded } };
  }
  const fields = new Set([...Object.keys(standing), ...Object.keys(folded)]);
  const changes = [...fields].map((field) =>
    changesBetween(`${name}.${field}`, Reflect.get(standing, field), Reflect.get(folded, field)),
  );
  return Object.assign({}, ...changes);
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
