// The date of an Expires attribute, read as loosely as browsers do. Pure. Source: RFC 6265 §5.1.1.

const TOKEN = /[^\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/g;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Milliseconds since 1970; undefined: not a date. */
export function cookieDate(text: string): number | undefined {
  let time: RegExpExecArray | null = null;
  let day = 0;
  let month = -1;
  let year = -1;
  for (const [token] of text.matchAll(TOKEN)) {
    const number = Number(/^\d{1,4}(?!\d)/.exec(token)?.[0] ?? NaN);
    const digits = /^\d*/.exec(token)?.[0].length ?? 0;
    if (!time && (time = /^(\d\d?):(\d\d?):(\d\d?)(?!\d)/.exec(token))) continue;
    if (!day && digits < 3 && number > 0) day = number;
    else if (month < 0 && MONTHS.includes(token.slice(0, 3).toLowerCase()))
      month = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    else if (year < 0 && digits > 1 && number >= 0)
      year = number + (number > 99 ? 0 : number > 69 ? 1_900 : 2_000);
  }
  if (!time || !day || month < 0 || year < 0) return undefined;
  const [hour, minute, second] = time.slice(1).map(Number) as [number, number, number];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  // There is no 30th of February, and no 32nd of anything.
  return date.getUTCDate() === day ? date.getTime() : undefined;
}
