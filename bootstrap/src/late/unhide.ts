// Pages that hide themselves within frames.

/** Whether a page is seen that hides itself within frames: the style that hides it is put off. */
export function unhide(page: Window): boolean {
  const { document: shown } = page;
  const isSeen = (): boolean =>
    [shown.documentElement, shown.body].every((element) => {
      const style = page.getComputedStyle(element);
      return style.display !== "none" && style.visibility === "visible" && style.opacity !== "0";
    });
  for (const { sheet } of shown.querySelectorAll("style")) {
    if (isSeen()) return true;
    if (!sheet) continue;
    sheet.disabled = true;
    if (!isSeen()) sheet.disabled = false;
  }
  return isSeen();
}
