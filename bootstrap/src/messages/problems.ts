// Every page that a visitor may read in place of an app: its code, and whether trying again by itself
// helps. Its texts are in late/problem-texts, how it is drawn is late/problem-page.

export interface Names {
  /** "dog", or "" where the host names a box alone. */
  app: string;
  /** "purplecrab" */
  alias: string;
  /** "dog-purplecrab.example.com" */
  host: string;
}

export interface ProblemText {
  title: string;
  /** What happened, and what to do. */
  text: string[];
  /** Facts for the curious, or to pass on to whoever runs the box. */
  facts?: [label: string, value: string][];
  /** Nothing is wrong: the page only says why no app is seen. */
  well?: true;
  /** The label of the button. */
  act?: string;
}

/** again: the page tries by itself, and has a button. ask: a button only. never: neither. */
export type Retry = "again" | "ask" | "never";

export const RETRIES = {
  "address-invalid": "never",
  "alias-unknown": "never",
  "box-offline": "again",
  "app-unknown": "again",
  "rate-limited": "again",
  "box-busy": "again",
  "box-silent": "again",
  "going-down": "again",
  version: "ask",
  protocol: "ask",
  unreachable: "again",
  "no-path": "again",
  offline: "again",
  "wrong-key": "ask",
  "no-webrtc": "never",
  "no-service-worker": "never",
  bypassed: "ask",
  insecure: "never",
  "old-browser": "never",
  "app-down": "again",
  "app-broken": "ask",
  "app-head-too-large": "ask",
  "app-empty": "ask",
  "app-certificate": "ask",
  "app-timeout": "ask",
  "bad-request": "never",
  "body-too-large": "never",
  "head-too-large": "never",
  "upload-too-large": "never",
  coding: "ask",
  "part-missing": "again",
  lost: "again",
  reset: "again",
  download: "never",
  "no-content": "never",
  resend: "ask",
  "form-gone": "ask",
  "frame-busting": "never",
} as const satisfies Record<string, Retry>;

export type ProblemCode = keyof typeof RETRIES;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(RETRIES, code);
}
