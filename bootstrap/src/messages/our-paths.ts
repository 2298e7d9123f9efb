// Paths of ours on an app's origin.

/** Everything of ours lives below it. */
export const OUR_PREFIX = "/__p2claw/";

/** Answered by the Service Worker alone. Followed by the last part of a blob URL: the blob as a document that is intercepted as others. */
export const BLOB_PATH = "/__p2claw/blob/";
