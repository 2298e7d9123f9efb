// The progress events of an upload that goes by reference: those that the browser would have sent, had
// it sent the body itself.

export function tellProgress(xhr: XMLHttpRequest, total: number): (sentBytes: number) => void {
  let told = 0;
  let done = false;
  const say = (name: string, loaded: number): void => {
    told = loaded;
    xhr.upload.dispatchEvent(new ProgressEvent(name, { lengthComputable: true, loaded, total }));
  };
  const finish = (name: string): void => {
    if (done) return;
    done = true;
    if (name === "load" && told < total) say("progress", total);
    say(name, name === "load" ? total : told);
    say("loadend", told);
  };
  xhr.addEventListener("loadstart", () => say("loadstart", 0), { once: true });
  xhr.addEventListener("readystatechange", () => {
    if (xhr.readyState === XMLHttpRequest.HEADERS_RECEIVED) finish("load");
  });
  for (const name of ["abort", "error", "timeout"]) {
    xhr.addEventListener(name, () => finish(name), { once: true });
  }
  return (sentBytes) => {
    if (!done && sentBytes > told && sentBytes <= total) say("progress", sentBytes);
  };
}
