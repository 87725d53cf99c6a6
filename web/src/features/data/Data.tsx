export function Data(_: { part: string | undefined }) { return null; }
