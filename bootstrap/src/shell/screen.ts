// What the shell itself shows: progress, a page for people, a list of apps, a line over the app.

import type { ProblemText } from "../messages/problems";
import type { Progress } from "./progress";

export interface RetryPlan {
  /** When the page tries by itself; undefined: only when asked to. */
  inS: number | undefined;
  act: () => void;
  /** Of the button. */
  label?: string;
}

export class Screen {
  private readonly main = document.querySelector("main") ?? document.body;
  private readonly line = element("div", "line");
  private countdown: ReturnType<typeof setInterval> | undefined;
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

  problem(code: string, problem: ProblemText, retry: RetryPlan | undefined): void {
    const parts: HTMLElement[] = [
      path(`path ${problem.well ? "whole" : "broken"}`),
      element("h1", "", problem.title),
    ];
    for (const text of problem.text) parts.push(paragraph(text));
    if (problem.facts) parts.push(facts(problem.facts));
    const row = element("div", "row");
    if (retry) row.append(button(retry.label ?? "Try again", retry.act));
    if (retry?.inS !== undefined) row.append(this.count(retry.inS));
    if (row.childNodes.length) parts.push(row);
    this.show("problem", ...parts);
    this.mark(code);
  }

  apps(alias: string, apps: readonly { name: string; url: string }[]): void {
    const list = element("ul", "apps");
    for (const { name, url } of apps) {
      const link = element("a", "", name);
      link.setAttribute("href", url);
      const item = element("li", "");
      item.append(link);
      list.append(item);
    }
    const text = apps.length ? "Apps on this box" : "This box shares no apps just now.";
    this.show("list", element("h1", "", alias), element("p", "", text), list);
    this.mark(undefined);
  }

  /** The app is seen. */
  hide(): void {
    clearInterval(this.countdown);
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
    clearInterval(this.countdown);
    this.main.className = kind;
    delete this.main.dataset["step"];
    this.main.replaceChildren(...parts);
    this.main.hidden = false;
  }

  // For style, for tests, and for whoever looks at the page's source.
  private mark(code: string | undefined): void {
    if (code === undefined) delete document.documentElement.dataset["problem"];
    else document.documentElement.dataset["problem"] = code;
  }

  private count(seconds: number): HTMLElement {
    const text = element("span", "soon");
    let left = Math.max(1, Math.round(seconds));
    const say = (): void => {
      text.textContent = left > 0 ? `Next try in ${left} s` : "Trying…";
      left -= 1;
    };
    say();
    this.countdown = setInterval(say, 1_000);
    return text;
  }
}

function element(name: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(label: string, act: () => void): HTMLElement {
  const made = element("button", "", label);
  made.addEventListener("click", act);
  return made;
}

// What is between backticks is for a terminal.
function paragraph(text: string): HTMLElement {
  const made = element("p", "");
  for (const [i, part] of text.split("`").entries()) {
    made.append(i % 2 ? element("code", "", part) : part);
  }
  return made;
}

// Two ends, and what is between them.
function path(className = "path"): HTMLElement {
  const made = element("div", className);
  made.setAttribute("aria-hidden", "true");
  made.append(element("i", "end"), element("i", "wire"), element("i", "end"));
  return made;
}

function facts(pairs: readonly [string, string][]): HTMLElement {
  const list = element("dl", "");
  for (const [label, value] of pairs)
    list.append(element("dt", "", label), element("dd", "", value));
  return list;
}
