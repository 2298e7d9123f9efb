// What an entry of the history keeps of a document.

/** What a person has done in a document, for when it is come back to. */
export interface Kept {
  scroll: [x: number, y: number];
  /** Whether the browser scrolls there by itself. */
  restoration: "auto" | "manual";
  /** Of each field that is not as the page made it: which one it is, and what is in it. */
  fields: [key: string, value: FieldValue][];
}

/** Text; whether it is checked; the numbers of the options that are chosen. */
export type FieldValue = string | boolean | number[];
