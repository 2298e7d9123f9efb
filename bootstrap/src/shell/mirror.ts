// Makes the tab look like the app: title, icon, theme colour.

const ICON_BYTES = 262_144;

export class Mirror {
  private observer: MutationObserver | undefined;
  private iconUrl = "";

  constructor(private readonly host: string) {}

  /** A document is there, perhaps not yet whole. */
  follow(page: Window): void {
    this.observer?.disconnect();
    const { document: shown } = page;
    const begin = (): void => {
      if (page.document !== shown) return;
      this.sync(page);
      this.observer = new MutationObserver(() => this.sync(page));
      const options = { childList: true, subtree: true, characterData: true, attributes: true };
      if (shown.head) this.observer.observe(shown.head, options);
    };
    if (shown.readyState === "loading")
      shown.addEventListener("DOMContentLoaded", begin, { once: true });
    else begin();
  }

  private sync({ document: shown }: Window): void {
    const title = shown.title || this.host;
    if (document.title !== title) document.title = title;
    this.copyTheme(shown);
    const icon = shown.querySelector<HTMLLinkElement>('link[rel~="icon" i][href]');
    void this.copyIcon(icon?.href ?? new URL("/favicon.ico", location.href).href);
  }

  private copyTheme(shown: Document): void {
    const theirs = shown.querySelector('meta[name="theme-color"]')?.getAttribute("content") ?? "";
    let ours = document.querySelector('meta[name="theme-color"]');
    if (!theirs) {
      ours?.remove();
      return;
    }
    if (!ours) {
      ours = document.createElement("meta");
      ours.setAttribute("name", "theme-color");
      document.head.append(ours);
    }
    ours.setAttribute("content", theirs);
  }

  // Browsers fetch icons past the Service Worker: they get it as data.
  private async copyIcon(url: string): Promise<void> {
    if (url === this.iconUrl) return;
    this.iconUrl = url;
    const data = await iconData(url).catch(() => undefined);
    if (this.iconUrl !== url) return;
    const link = document.createElement("link");
    link.rel = "icon";
    link.href = data ?? "data:,";
    document.querySelector('link[rel="icon"]')?.remove();
    document.head.append(link);
  }
}

async function iconData(url: string): Promise<string | undefined> {
  if (url.startsWith("data:")) return url;
  if (new URL(url).origin !== location.origin) return undefined;
  const response = await fetch(url);
  const blob = response.ok ? await response.blob() : undefined;
  if (!blob?.size || blob.size > ICON_BYTES || blob.type.startsWith("text/")) return undefined;
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onloadend = () => resolve(typeof reader.result === "string" ? reader.result : undefined);
    reader.readAsDataURL(blob);
  });
}
