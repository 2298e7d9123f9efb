// What `Referer` says to another origin. Pure. Source: Referrer Policy §8.3.

/** "" where it says nothing. from: the origin of who asks; nothing else is ever said. */
export function refererTo(from: string, referrer: string, policy: string): string {
  if (!referrer.startsWith(`${from}/`)) return "";
  switch (policy) {
    case "no-referrer":
    case "same-origin":
      return "";
    // Both sides are of one scheme.
    case "unsafe-url":
    case "no-referrer-when-downgrade":
      return referrer.split("#", 1)[0] ?? "";
    default:
      return `${from}/`;
  }
}
