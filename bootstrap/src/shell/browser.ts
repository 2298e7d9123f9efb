// What a browser must have for an app to come through a link; asked of the browser, not of its name.

import type { ProblemCode } from "../messages/problems";

/** The page that says what is missing, if anything is; known at once. */
export function missingFeature(): ProblemCode | undefined {
  if (!isSecureContext) return "insecure";
  if (typeof RTCPeerConnection === "undefined" || typeof RTCDataChannel === "undefined") {
    return "no-webrtc";
  }
  if (!("serviceWorker" in navigator) || !navigator.locks) return "no-service-worker";
  return undefined;
}

/** Whether the key of a box can be verified. */
export async function verifiesKeys(): Promise<boolean> {
  return crypto.subtle.importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"]).then(
    () => true,
    (error: unknown) => !isNotSupported(error),
  );
}

function isNotSupported(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotSupportedError";
}
