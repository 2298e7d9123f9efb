// The cookies of one request: what goes with it, and what comes with its response.

import type { Site } from "../../cookies/jar";
import type { Fields } from "../../wire/heads";
import type { Shell } from "../shells";
import type { Cookies } from "./cookies";

export interface CookieFacts {
  url: string;
  site: Site;
  shell: Shell;
  /** The credentials mode admits cookies. */
  admitted: boolean;
  /** It is not sure that the shell is the one whose page asks. */
  anyShell: boolean;
}

export class RequestCookies {
  constructor(
    private readonly cookies: Cookies,
    private readonly facts: CookieFacts,
  ) {}

  /** The value of `Cookie`, and how many writes of the shell's pages are in it. */
  now(): { cookie: string; wrote: number } {
    const { url, site, shell, admitted } = this.facts;
    if (!admitted) return { cookie: "", wrote: Infinity };
    return { cookie: this.cookies.header(url, site), wrote: this.cookies.count(shell.lock) };
  }

  /** Resolves once so many writes of the shell's pages have been read. */
  after(wrote: number): Promise<void> {
    return this.cookies.after(this.facts.shell.lock, wrote);
  }

  /** Take what a response sets; resolves once the pages may see it. */
  async receive(fields: Fields): Promise<void> {
    const { url, site, shell, admitted, anyShell } = this.facts;
    if (admitted) await this.cookies.receive(url, fields, site, anyShell ? "*" : shell.lock);
  }
}
