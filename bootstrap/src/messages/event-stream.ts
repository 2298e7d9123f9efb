// An event stream that a page or a worker of the app follows: what its EventSource gives to what reads it.

export interface FollowedSource {
  readonly target: EventTarget;
  readonly url: string;
  readonly withCredentials: boolean;
  readonly closing: { readonly signal: AbortSignal };
  /** 2: it is closed. */
  readyState: number;
  /** As the app wants it, if it does. */
  retryMs: number | undefined;
  lastEventId: string;
}

/** Resolves or rejects when the stream is over; resolves with whether that is final. */
export type FollowEvents = (source: FollowedSource) => Promise<boolean>;
