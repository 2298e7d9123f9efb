// Fields of responses as octets: some browsers read those of a Service Worker's response as text, and
// show the page its UTF-8, so that E9 arrives as C3 A9. Here it becomes what it was. The Headers of a
// response with such fields are `octets-of-headers`.

/** One value of such a browser's. */
export function octetsOf(value: string): string {
  if (!/[^\0-\x7f]/.test(value)) return value;
  const bytes = Uint8Array.from(value, (char) => char.charCodeAt(0));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return value;
  }
}
