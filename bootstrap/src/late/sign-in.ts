// Signing in where an app asks for it by HTTP: the browser's own dialog is not shown for what a
// Service Worker answers. What was typed is kept for the session of the tab, as browsers keep it.

import type { SignInQuestion, SignedIn } from "../messages/late";
import {
  type Challenge,
  type Credentials,
  basicField,
  chooseChallenge,
  digestField,
} from "./challenges";
import { askPerson } from "./sign-in-dialog";

const KEY = "p2claw.signed-in";
// Other tabs of the app reply at once, if there are any.
const OTHERS_MS = 150;

interface Space extends Credentials {
  /** "basic", a realm. */
  name: string;
  /** Basic goes with every request below these paths without being asked for: RFC 7617 §2.2. */
  paths: string[];
}

const spaces = new Map<string, Space>(read().map((space) => [space.name, space]));
const sent = new Map<string, Space>(); // what was made of which
const asking = new Map<string, Promise<Space | undefined>>();
const others = new BroadcastChannel("p2claw-sign-in");
others.onmessage = ({ data }: MessageEvent<Space[] | "?">) => {
  if (data === "?") others.postMessage([...spaces.values()]);
  else for (const space of data) if (!spaces.has(space.name)) spaces.set(space.name, space);
};
let asked: Promise<void> | undefined;

/** The field for one more try; undefined: the app's response stands. */
export async function signIn(question: SignInQuestion): Promise<SignedIn> {
  const challenge = chooseChallenge(question.challenges);
  const space = challenge && (await spaceFor(challenge, question));
  if (!space) return { field: undefined, basic: basicFields() };
  const { method, target } = question;
  const field =
    challenge.scheme === "basic"
      ? basicField(space)
      : await digestField(challenge, space, method, target);
  sent.set(field, space);
  if (challenge.scheme === "basic") {
    const path = /^[^?]*\//.exec(target)?.[0] ?? "/";
    if (!space.paths.some((known) => path.startsWith(known))) space.paths.push(path);
  }
  keep();
  return { field, basic: basicFields() };
}

async function spaceFor(
  challenge: Challenge,
  question: SignInQuestion,
): Promise<Space | undefined> {
  const name = `${challenge.scheme} ${challenge.realm}`;
  asked ??= new Promise((resolve) => {
    others.postMessage("?");
    setTimeout(resolve, OTHERS_MS);
  });
  await asked;
  const known = spaces.get(name);
  const stale = challenge.parameters.get("stale")?.toLowerCase() === "true";
  const refused = known && !stale && wasSent(question.sent, known);
  if (known && !refused) return known;
  let entry = asking.get(name);
  if (!entry) {
    const typed = askPerson(challenge.realm, known);
    entry = typed.then((given) => given && { ...given, name, paths: [] });
    asking.set(name, entry);
    void entry.then((space) => {
      asking.delete(name);
      if (space) spaces.set(name, space);
    });
  }
  return entry;
}

function wasSent(field: string | undefined, space: Space): boolean {
  if (field === undefined) return false;
  return sent.get(field) === space || field === basicField(space);
}

function basicFields(): [path: string, field: string][] {
  return [...spaces.values()].flatMap((space) =>
    space.paths.map((path): [string, string] => [path, basicField(space)]),
  );
}

// For a reload of this tab. The app itself could read it, as it can ask for it.
function keep(): void {
  sessionStorage.setItem(KEY, JSON.stringify([...spaces.values()]));
}

function read(): Space[] {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Space[];
}
