// The progress events of an upload that goes by reference: those that the browser would have sent, and
// when, had it sent the body itself.

interface Upload {
  finish(): void;
  break(name: string): void;
}

// XHR §4.5.6: an upload is over once it is sent, however long the app thinks about its response. Where
// a Service Worker is shown no body, browsers report it only as the response begins, and more often how far.
const OVER_ONCE_SENT = "body" in Request.prototype;
// A tenth of a second, and the way of the news between two processes: 103 to 121 ms were measured.
const STEP_MS = OVER_ONCE_SENT ? 110 : 50;
const { setTimeout } = window; // an app may put its own in place of it

const uploads = new WeakMap<XMLHttpRequest, Upload>();

/** The response begins: what is left is reported, before the app's own listeners run. */
export function uploaded(xhr: XMLHttpRequest): void {
  if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED) uploads.get(xhr)?.finish();
}

/** Before the app's own listeners run. */
export function uploadBroken(xhr: XMLHttpRequest, name: string): void {
  uploads.get(xhr)?.break(name);
}

export function reportProgress(xhr: XMLHttpRequest, total: number): (sentBytes: number) => void {
  let sent = 0;
  let reported = 0;
  let done = false;
  let pauses = false;
  const emit = (name: string, loaded: number, lengthComputable = true): void => {
    reported = loaded;
    const known = { lengthComputable, loaded, total: lengthComputable ? total : 0 };
    xhr.upload.dispatchEvent(new ProgressEvent(name, known));
  };
  const over = (steps: () => void): void => {
    if (done) return;
    done = true;
    steps();
  };
  const finish = (): void =>
    over(() => {
      if (reported < total) emit("progress", total);
      if (!total && OVER_ONCE_SENT) return; // such browsers tell no end of an empty one
      emit("load", total);
      emit("loadend", total);
    });
  const step = (): void => {
    pauses = false;
    if (done || sent <= reported) return;
    if (sent === total && OVER_ONCE_SENT) finish();
    else emit("progress", sent);
    pause();
  };
  const pause = (): void => {
    pauses = true;
    setTimeout(step, STEP_MS);
  };
  uploads.set(xhr, {
    finish,
    break: (name) =>
      over(() => {
        emit(name, 0, false);
        emit("loadend", 0, false);
      }),
  });
  // Not before: with listeners on `upload` a request asks other origins first.
  const begin = (): void => {
    emit("loadstart", 0);
    pause();
    for (const name of ["abort", "error", "timeout"]) {
      xhr.upload.addEventListener(name, ({ isTrusted }) => (done ||= isTrusted), { once: true });
    }
  };
  xhr.addEventListener("loadstart", begin, { once: true });
  return (sentBytes) => {
    sent = Math.min(sentBytes, total);
    if (!pauses) step();
  };
}
