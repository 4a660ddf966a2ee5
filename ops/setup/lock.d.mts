export type Lock =
  | { readonly taken: true; readonly release: () => void }
  | { readonly taken: false; readonly holder: number };

export function takeLock(path: string): Lock;
