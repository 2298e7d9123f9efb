// A page for people: what is wrong, and what to do about it.

import type { RetryPlan } from "../messages/late";
import type { ProblemText } from "../messages/problems";

/** Its parts, for the shell's `main`. */
export function problemPage(problem: ProblemText, retry: RetryPlan | undefined): HTMLElement[] {
  const parts = [
    path(`path ${problem.well ? "whole" : "broken"}`),
    element("h1", "", problem.title),
    ...problem.text.map(paragraph),
  ];
  if (problem.facts) parts.push(facts(problem.facts));
  const row = element("div", "row");
  if (retry) row.append(button(retry.label ?? "Try again", retry.act));
  if (retry?.inS !== undefined) row.append(count(retry.inS));
  if (row.childNodes.length) parts.push(row);
  return parts;
}

function count(seconds: number): HTMLElement {
  const text = element("span", "soon");
  let left = seconds > 0 ? Math.max(1, Math.round(seconds)) : 0; // 0: a try is under way
  const say = (): void => {
    text.textContent = left > 0 ? `Next try in ${left} s` : "Trying…";
    left -= 1;
  };
  say();
  // Until another page is shown in its place.
  const timer = setInterval(() => (text.isConnected ? say() : clearInterval(timer)), 1_000);
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
