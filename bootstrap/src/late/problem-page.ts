// A page for people: what is wrong, and what to do about it.

import type { RetryPlan } from "../messages/late";
import type { ProblemText } from "../messages/problems";

/** One that is shown: what it says, its button's plan, and where the time to the next try stands. */
interface Page {
  shown: string;
  parts: HTMLElement[];
  retry: RetryPlan | undefined;
  soon: HTMLElement;
}

let last: Page | undefined;

/**
 * Its parts, for the shell's `main`. The same page drawn again has the same parts while they are
 * shown: a person may be pressing the button just now, or have moved the focus to it.
 */
export function problemPage(problem: ProblemText, retry: RetryPlan | undefined): HTMLElement[] {
  const shown = JSON.stringify([problem, retry && (retry.label ?? "")]);
  if (last?.shown !== shown || !last.parts[0]?.isConnected) last = newPage(shown, problem, retry);
  last.retry = retry;
  const soon = retry?.inS === undefined ? element("span", "") : count(retry.inS);
  last.soon.replaceWith(soon);
  last.soon = soon;
  return last.parts;
}

function newPage(shown: string, problem: ProblemText, retry: RetryPlan | undefined): Page {
  const parts = [
    path(`path ${problem.well ? "whole" : "broken"}`),
    element("h1", "", problem.title),
    ...problem.text.map(paragraph),
  ];
  if (problem.facts) parts.push(facts(problem.facts));
  const soon = element("span", "");
  const page: Page = { shown, parts, retry, soon };
  if (retry) {
    const row = element("div", "row");
    row.append(
      button(retry.label ?? "Try again", () => page.retry?.act()),
      soon,
    );
    parts.push(row);
  }
  return page;
}

function count(seconds: number): HTMLElement {
  const text = element("span", "soon");
  let left = seconds > 0 ? Math.max(1, Math.round(seconds)) : 0; // 0: a try is under way
  const count = (): void => {
    text.textContent = left > 0 ? `Next try in ${left} s` : "Trying…";
    left -= 1;
  };
  count();
  // Until another one takes its place.
  const timer = setInterval(() => (text.isConnected ? count() : clearInterval(timer)), 1_000);
  return text;
}

export function element(name: string, className: string, text?: string): HTMLElement {
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
function path(className: string): HTMLElement {
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
