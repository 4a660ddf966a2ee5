export function processOf(pid: number): { readonly name: string; readonly start: string } | undefined;
