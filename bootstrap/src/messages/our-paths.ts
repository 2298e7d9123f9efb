// Paths of ours on an app's origin.

/** Everything of ours lives below it. */
export const OUR_PREFIX = "/__p2claw/";

/** Served by the Service Worker alone. Followed by the last part of a blob URL: that blob, as a document whose requests are intercepted. */
export const BLOB_PATH = "/__p2claw/blob/";
