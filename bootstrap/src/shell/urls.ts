// What the shell asks of URLs.

/** Of this site, absolute as it is: no other app, and no other scheme. */
export function isOwn(url: string): boolean {
  return url.startsWith(`${location.origin}/`);
}

export function withoutFragment(url: string): string {
  return url.split("#", 1)[0] ?? url;
}

/** But for their fragments they are one: the browser would load nothing. */
export function isSameDocument(url: string, other: string): boolean {
  return url !== other && url.includes("#") && withoutFragment(url) === withoutFragment(other);
}
