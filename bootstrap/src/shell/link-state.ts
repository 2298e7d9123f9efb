// How far the shell has come with a link to the box: an enum and one transition table.
// A pair that is absent is illegal, and a fault of ours.

export type LinkState =
  | "idle"
  /** The coordinator is asked for the box. */
  | "finding"
  /** The box has our offer. */
  | "asking"
  /** The answer is applied; ICE, DTLS and SCTP are under way. */
  | "connecting"
  | "open"
  /** Between two attempts. */
  | "waiting"
  /** Trying again at once would be no use: a page says why. */
  | "refused";

export type LinkStep =
  | "start"
  | "introduced"
  | "answered"
  | "opened"
  /** An open link is lost or silent, or admits nothing new. */
  | "lost"
  /** An attempt came to nothing. */
  | "failed"
  | "refused";

const TRANSITIONS: Record<LinkState, Partial<Record<LinkStep, LinkState>>> = {
  idle: { start: "finding" },
  // While another link is tried in place of a silent one, messages may come on that again: `opened`.
  finding: { introduced: "asking", opened: "open", failed: "waiting", refused: "refused" },
  // The worker may report an open channel before the browser reports that the answer is applied.
  asking: { answered: "connecting", opened: "open", failed: "waiting", refused: "refused" },
  connecting: { opened: "open", failed: "waiting", refused: "refused" },
  // A silent link on which messages come again is used in place of the one that is open by then.
  open: { answered: "open", opened: "open", lost: "waiting", refused: "refused" },
  waiting: { start: "finding", opened: "open", refused: "refused" },
  refused: { start: "finding", opened: "open" },
};

export function nextState(state: LinkState, step: LinkStep): LinkState {
  const next = TRANSITIONS[state][step];
  if (!next) throw new Error(`${step} while ${state}`);
  return next;
}
