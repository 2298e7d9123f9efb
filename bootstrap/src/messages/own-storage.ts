// Databases, caches and locks of ours, in the storage that we share with the app. Pure.

/** Whether something of that name is ours, and not the app's. */
export function isOurs(name: string): boolean {
  return /^p2claw(-|$)/.test(name);
}
