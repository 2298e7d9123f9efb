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

// As words of three texts, because they are in the first page.
export const RETRIES = {
  ...all(
    "again",
    "box-offline app-unknown rate-limited box-busy box-silent going-down unreachable no-path offline app-down relay-limit part-missing lost reset",
  ),
  ...all(
    "ask",
    "version protocol wrong-key bypassed app-broken app-head-too-large app-empty app-certificate app-timeout coding resend form-gone",
  ),
  ...all(
    "never",
    "address-invalid alias-unknown no-webrtc no-service-worker insecure old-browser bad-request body-too-large head-too-large upload-too-large download no-content frame-busting",
  ),
};

export type ProblemCode = keyof typeof RETRIES;

export function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(RETRIES, code);
}

type Words<T extends string> = T extends `${infer Word} ${infer Rest}` ? Word | Words<Rest> : T;

function all<T extends string>(retry: Retry, codes: T): Record<Words<T>, Retry> {
  const pairs = codes.split(" ").map((code) => [code, retry]);
  return Object.fromEntries(pairs) as Record<Words<T>, Retry>;
}
