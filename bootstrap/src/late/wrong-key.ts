// What the page about a wrong key says of the keys.

import type { ProblemText } from "../messages/problems";
import type { Wrong } from "../messages/trust";

const LABELS = {
  alias: "A key whose hash is",
  link: "The link names",
  "first-visit": "At the first visit",
};
const WAY =
  "If the key was changed on purpose, ask for a link that names the new one, with `#k=` at its end.";

/** wrong: undefined where the answer was not signed with the key. */
export function wrongKey(wrong: Wrong | undefined, found: string): Partial<ProblemText> {
  if (!wrong) {
    const facts: ProblemText["facts"] = [
      ["Expected", found],
      ["The box that answered", "did not sign with this key"],
    ];
    return { facts };
  }
  const { because, expected } = wrong;
  return {
    facts: [
      [LABELS[because], expected],
      ["The box that answered", found],
    ],
    ...(because === "first-visit" && { text: [WAY] }),
  };
}
