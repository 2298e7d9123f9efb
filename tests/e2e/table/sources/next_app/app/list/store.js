export const shells = (globalThis.shells ??= []);
