// The progress events of an upload that goes by reference: those that the browser would have sent, had
// it sent the body itself.

interface Upload {
  finish(): void;
  break(name: string): void;
}

const uploads = new WeakMap<XMLHttpRequest, Upload>();

/** The answer begins: what is left is told, before the app hears of the answer. */
export function uploaded(xhr: XMLHttpRequest): void {
  if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED) uploads.get(xhr)?.finish();
}

/** Before the app hears of it. */
export function uploadBroken(xhr: XMLHttpRequest, name: string): void {
  uploads.get(xhr)?.break(name);
}

export function tellProgress(xhr: XMLHttpRequest, total: number): (sentBytes: number) => void {
  let told = 0;
  let done = false;
  const say = (name: string, loaded: number, lengthComputable = true): void => {
    told = loaded;
    const known = { lengthComputable, loaded, total: lengthComputable ? total : 0 };
    xhr.upload.dispatchEvent(new ProgressEvent(name, known));
  };
  const over = (steps: () => void): void => {
    if (done) return;
    done = true;
    steps();
  };
  uploads.set(xhr, {
    finish: () =>
      over(() => {
        if (told < total) say("progress", total);
        say("load", total);
        say("loadend", total);
      }),
    break: (name) =>
      over(() => {
        say(name, 0, false);
        say("loadend", 0, false);
      }),
  });
  // Not before: with listeners on `upload` a request asks other origins first.
  const begin = (): void => {
    say("loadstart", 0);
    for (const name of ["abort", "error", "timeout"]) {
      xhr.upload.addEventListener(name, ({ isTrusted }) => (done ||= isTrusted), { once: true });
    }
  };
  xhr.addEventListener("loadstart", begin, { once: true });
  return (sentBytes) => {
    if (!done && sentBytes > told && sentBytes <= total) say("progress", sentBytes);
  };
}
