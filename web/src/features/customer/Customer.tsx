export function Customer(_: { id: string }) { return null; }
