// What reads an event stream, as the page asks the shell for it.

/** Parses the text of an event stream. onRetry: called with how long to wait before another try. */
export type EventParserClass = new (
  lastEventId: string,
  onRetry: (ms: number) => void,
) => EventParser;

export interface EventParser {
  /** As it was after the last blank line. */
  readonly lastEventId: string;
  /** The events that end in it. */
  push(text: string): Iterable<StreamEvent>;
}

export interface StreamEvent {
  type: string;
  data: string;
  lastEventId: string;
}
