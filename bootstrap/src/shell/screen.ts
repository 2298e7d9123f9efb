// What the shell itself shows: progress, a line over the app, and pages that `late/` makes.

import type { Progress } from "./progress";

export class Screen {
  private readonly main = document.querySelector("main") ?? document.body;
  private readonly line = element("div", "line");
  private status: HTMLElement | undefined;

  progress(progress: Progress, host: string): void {
    this.mark(undefined);
    if (!this.status?.isConnected) {
      this.status = element("p", "status");
      this.status.setAttribute("role", "status");
      this.show("progress", path(), element("h1", "", host), this.status);
    }
    this.main.dataset["step"] = String(progress.step);
    if (this.status.textContent !== progress.text) this.status.textContent = progress.text;
  }

  /** Of a problem whose explanation could not be loaded. */
  bare(code: string, host: string, text: string): void {
    this.made("problem", [element("h1", "", host), element("p", "", text)], code);
  }

  /** What is made elsewhere, of this kind. */
  made(kind: string, parts: HTMLElement[], code?: string): void {
    this.show(kind, ...parts);
    this.mark(code);
  }

  /** The app is seen. */
  hide(): void {
    this.main.hidden = true;
    this.main.replaceChildren();
    this.mark(undefined);
  }

  /** A line over the app, which stays in use. */
  note(text: string | undefined): void {
    this.line.textContent = text ?? "";
    this.line.setAttribute("role", "status");
    if (text === undefined) this.line.remove();
    else document.body.append(this.line);
  }

  private show(kind: string, ...parts: HTMLElement[]): void {
    this.main.className = kind;
    delete this.main.dataset["step"];
    // Parts that are shown already stay where they are, and keep the focus.
    if (!parts[0]?.isConnected) this.main.replaceChildren(...parts);
    this.main.hidden = false;
  }

  // For style, for tests, and for whoever looks at the page's source.
  private mark(code: string | undefined): void {
    if (code === undefined) delete document.documentElement.dataset["problem"];
    else document.documentElement.dataset["problem"] = code;
  }
}

function element(name: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Two ends, and what is between them.
function path(): HTMLElement {
  const made = element("div", "path");
  made.setAttribute("aria-hidden", "true");
  made.append(element("i", "end"), element("i", "wire"), element("i", "end"));
  return made;
}
