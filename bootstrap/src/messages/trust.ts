// What is found out about a key and the name in the address bar.

/** The key is not the one that was expected. `expected`: its peer id, or the alias itself. */
export interface Wrong {
  because: "alias" | "link" | "first-visit";
  expected: string;
}

/** What is pinned from now on; or why nothing is. */
export type Judgement = [pin: string, wrong?: Wrong];
