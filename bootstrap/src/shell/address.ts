// Which box and which app a hostname names: `<app>-<alias>.<parent>`, or `<alias>.<parent>`. Pure.

export interface Address {
  alias: string;
  /** undefined: the host names the box alone. */
  app: string | undefined;
  /** What follows the first label, with its dot: `.localhost`. */
  parent: string;
}

const APP = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const ALIAS = /^[a-z0-9]{3,30}$/;

/** undefined where it is no such name. An alias has no hyphen, so the last one parts the two. */
export function parseHost(hostname: string): Address | undefined {
  const dot = hostname.indexOf(".");
  if (dot < 0) return undefined;
  const label = hostname.slice(0, dot).toLowerCase();
  const hyphen = label.lastIndexOf("-");
  const alias = label.slice(hyphen + 1);
  const app = hyphen < 0 ? undefined : label.slice(0, hyphen);
  if (!ALIAS.test(alias) || (app !== undefined && !APP.test(app))) return undefined;
  return { alias, app, parent: hostname.slice(dot) };
}

/** The URL of another app of the same box. */
export function urlOfApp(
  app: string,
  { alias, parent }: Omit<Address, "app">,
  location: URL,
): string {
  const port = location.port ? `:${location.port}` : "";
  return `${location.protocol}//${app}-${alias}${parent}${port}/`;
}

// The key that a link names, `#k=<peer id>`. It is ours, and the app never sees it.
const KEY_HASH = /^#k=([a-z2-7]{52})$/;

/** The peer id that a URL's fragment names. */
export function keyOfHash(hash: string): string | undefined {
  return KEY_HASH.exec(hash)?.[1];
}

// What lets somebody into a guarded app, `#i=<token>`: it is for the box, and no server sees it.
const INVITATION_HASH = /^#i=([\w-]{43})$/;

/** The path at which the box is shown the invitation that a fragment holds. undefined: it holds none. */
export function invitedTo(hash: string, to: string): string | undefined {
  const token = INVITATION_HASH.exec(hash)?.[1];
  return token && `/.p2claw/access/invitation?t=${token}&to=${encodeURIComponent(to)}`;
}
