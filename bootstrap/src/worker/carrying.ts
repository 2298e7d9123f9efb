// Links that are lost or silent, and those that are to carry their sessions on (docs/WIRE.md §15).

import type { WorkerToShell } from "../messages/worker-shell";
import { Code } from "../wire/codes";
import type { Resumption } from "../wire/hello";
import type { Link } from "./link";

export class Carrying {
  private readonly suspects = new Set<Link>();
  private readonly carries = new Map<Link, Link>(); // the link that is to carry on, and the one that did

  /** links: by their numbers. use: requests may go over a link from now on. */
  constructor(
    private readonly links: Map<number, Link>,
    private readonly use: (link: Link) => void,
    private readonly emit: (message: WorkerToShell) => void,
  ) {}

  suspect(link: Link): void {
    this.suspects.add(link);
  }

  fine(link: Link): void {
    this.suspects.delete(link);
  }

  lost(link: Link): void {
    this.suspects.delete(link);
    this.carries.delete(link);
  }

  /** The session that the next link is to carry on, if there is one. */
  next(): [old: Link, resumes: Resumption] | undefined {
    const old = [...this.suspects].find((link) => link.resumable);
    const resumes = old?.freeze();
    return old && resumes && [old, resumes];
  }

  /** That link is there. */
  begin(link: Link, old: Link): void {
    this.carries.set(link, old);
  }

  /** received: how many messages of the earlier session the box has; undefined: it has lost that session. */
  resumed(link: Link, received: number | undefined): void {
    const { carries, links } = this;
    const old = carries.get(link);
    carries.delete(link);
    if (old) this.suspects.delete(old);
    const channel = received !== undefined && old?.resumable ? link.handOver() : undefined;
    if (!channel || !old || received === undefined) {
      // A session that ended meanwhile needs no link.
      if (received === undefined) this.use(link);
      else link.drop(Code.INTERNAL, "the session is over");
      old?.drop(Code.INTERNAL, "the box has lost the session");
      return;
    }
    const { id } = old;
    links.delete(id);
    links.set(link.id, old);
    old.adopt(link.id, channel, received);
    // What the box has received may be more than was sent: then it is over.
    if (old.connected) this.use(old);
    const reason = "another link carries its session";
    this.emit({ kind: "lost", link: id, code: Code.NO_ERROR, reason });
  }
}
