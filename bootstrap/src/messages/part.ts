// Loads a part that few visits need, when something asks for it.

const failures = new Map<string, number>();

/** The module at this URL. A browser may keep a failure as long as the page lives (Firefox does), so
 * that the next try gives the file's URL another fragment. */
export async function loadPart<T>(url: string): Promise<T> {
  const failed = failures.get(url);
  try {
    return (await import(failed ? `${url}#${failed}` : url)) as T;
  } catch (error) {
    failures.set(url, (failed ?? 0) + 1);
    throw error;
  }
}
