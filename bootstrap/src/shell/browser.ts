// What a browser must have for an app to come through a link; asked of the browser, not of its name.

import type { ProblemCode } from "../messages/problems";

/** The page that says what is missing, if anything is. */
export async function missingFeature(): Promise<ProblemCode | undefined> {
  if (!isSecureContext) return "insecure";
  if (typeof RTCPeerConnection === "undefined" || typeof RTCDataChannel === "undefined") {
    return "no-webrtc";
  }
  if (!("serviceWorker" in navigator) || !navigator.locks) return "no-service-worker";
  const proves = await crypto.subtle
    .importKey("raw", new Uint8Array(32), "Ed25519", false, ["verify"])
    .then(() => true)
    .catch((error: unknown) => !isNotSupported(error));
  return proves && channelsMove() ? undefined : "old-browser";
}

function isNotSupported(error: unknown): boolean {
  return error instanceof DOMException && error.name === "NotSupportedError";
}

// Whether a data channel can be given to a worker.
function channelsMove(): boolean {
  const peer = new RTCPeerConnection();
  const { port1, port2 } = new MessageChannel();
  try {
    const channel = peer.createDataChannel("", { negotiated: true, id: 0 });
    port1.postMessage(channel, [channel as unknown as Transferable]);
    return true;
  } catch {
    return false;
  } finally {
    port2.close();
    peer.close();
  }
}
