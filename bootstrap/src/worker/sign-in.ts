// Requests that wait until a person has signed in to the app, and what earlier sign-ins left.

import type { SignInQuestion, SignedIn } from "../messages/late";
import type { PortRequest } from "../messages/sw-worker";

export interface Asking {
  readonly request: PortRequest;
  /** Once more, as this request; undefined: the app's 401 stands. */
  signedIn(again: PortRequest | undefined): void;
}

export class SignIn {
  private readonly waiting = new Map<number, Asking>();
  private basic: [path: string, field: string][] = [];
  private count = 0;

  constructor(private readonly ask: (id: number, question: SignInQuestion) => void) {}

  /** The shell is asked, and the request waits. */
  challenged(asking: Asking, challenges: string[]): void {
    const { method, target, fields } = asking.request;
    this.count += 1;
    this.waiting.set(this.count, asking);
    const sent = fields.find(([name]) => name === "authorization")?.[1];
    this.ask(this.count, { method, target, challenges, sent });
  }

  finish(id: number, { field, basic }: SignedIn): void {
    this.basic = basic;
    const asking = this.waiting.get(id);
    asking?.signedIn(field === undefined ? undefined : withField(asking.request, field));
    this.waiting.delete(id);
  }

  /** RFC 7617 §2.2: Basic goes along unasked below a path that asked for it once. */
  known(request: PortRequest): PortRequest {
    const { fields, target, anonymous } = request;
    if (anonymous || fields.some(([name]) => name === "authorization")) return request;
    const fitting = this.basic.filter(([path]) => target.startsWith(path));
    const [best] = fitting.sort(([a], [b]) => b.length - a.length);
    return best ? withField(request, best[1]) : request;
  }
}

function withField(request: PortRequest, field: string): PortRequest {
  const others = request.fields.filter(([name]) => name !== "authorization");
  return { ...request, fields: [...others, ["authorization", field]] };
}
