// How a worker's script begins, and what goes before it so that ours runs first. All in the line of
// its own beginning: errors keep their line numbers. Pure.

const TRIVIA = /\s+|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\//y;
const STRING = /"(?:[^"\\\n\r]|\\[^])*"|'(?:[^'\\\n\r]|\\[^])*'/y;
// No classic script can begin so, except with `import(…)` and `import.meta`, which are expressions.
const MODULE = /(import|export)(?![\w$\\\u0080-\uffff])/y;
const GOES_ON = /[.,+\-*/%([&|^?<>=!`]|in\b|instanceof\b/y; // no statement ends before it

/**
 * ours: a script in one line. url: where it is as a file, "" where that must not be loaded.
 * Whether a worker is a module, no browser tells a Service Worker. A module without imports runs
 * the same script first; imports run before what stands above them, so ours is imported then.
 */
export function beforeWorker(script: string, ours: string, url: string): string {
  const { strict, imports } = beginning(script);
  if (imports && url) return `import ${JSON.stringify(url)};`;
  // A directive counts only before all statements; and `#!` only as the very first.
  return (strict ? '"use strict";' : "") + ours + (script.startsWith("#!") ? "//" : "");
}

function beginning(script: string): { strict: boolean; imports: boolean } {
  let at = script.startsWith("#!") ? script.search(/[\n\r]|$/) : 0;
  let strict = false;
  const eat = (token: RegExp): string => {
    token.lastIndex = at;
    const found = token.exec(script)?.[0] ?? "";
    at += found.length;
    return found;
  };
  const skip = (): void => {
    while (eat(TRIVIA));
  };
  for (;;) {
    skip();
    const directive = eat(STRING);
    if (!directive) {
      const keyword = eat(MODULE);
      skip();
      return { strict, imports: keyword !== "" && !/[(.]/.test(script[at] ?? "(") };
    }
    skip();
    if (eat(GOES_ON)) return { strict, imports: false };
    strict ||= directive.slice(1, -1) === "use strict";
    eat(/;/y);
  }
}
