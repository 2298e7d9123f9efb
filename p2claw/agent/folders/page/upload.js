// Sends files into the folder that the list shows: chosen by the button, or dropped on the page.
// A file goes in pieces, each in a request of its own: a piece that is lost is sent again, and what
// the box has is asked for, so an upload goes on after a reload too when the same file is chosen.

const FIRST_BYTES = 256 * 1024;
const MOST_BYTES = 8 * 1024 * 1024;
const AT_ONCE = 2;
const TRIES = 8;
const WAIT_MS = 500;
const MOST_WAIT_MS = 20_000;

const place = location.pathname;
const input = document.querySelector("#files");
const button = document.querySelector("nav .add");
const main = document.querySelector("main");
const waiting = [];
let sending = 0;
let added = 0;

const panel = document.createElement("section");
panel.className = "uploads";
panel.hidden = true;
panel.setAttribute("aria-label", "Uploads");
panel.innerHTML = `<header><h2></h2><button class="close" aria-label="Close">Close</button></header><ul></ul>`;
const list = panel.querySelector("ul");
const heading = panel.querySelector("h2");

class Refused extends Error {
  constructor(status, body) {
    super(body.text ?? "The box could not take it");
    this.status = status;
    this.code = body.error ?? "";
    this.body = body;
    this.passes = status >= 500 && status !== 507 || ["upload-busy", "upload-offset"].includes(this.code);
  }
}

/** One file, its line in the panel, and how much of it is sent. */
class Upload {
  constructor(file) {
    this.file = file;
    this.name = file.name;
    this.replace = false;
    this.state = "waiting";
    this.stop = new AbortController();
    this.line = document.createElement("li");
    this.line.innerHTML = `<span class="name"></span><span class="state"></span><progress max="1" value="0"></progress><span class="acts"></span>`;
    list.append(this.line);
    this.show("Waiting");
  }

  /** acts: label and what it does. */
  show(state, acts = []) {
    this.line.querySelector(".name").textContent = this.name;
    this.line.querySelector(".state").textContent = state;
    this.line.dataset.state = this.state;
    const room = this.line.querySelector(".acts");
    room.replaceChildren(...acts.map(([label, act]) => {
      const made = document.createElement("button");
      made.textContent = label;
      made.addEventListener("click", act);
      return made;
    }));
    summarise();
  }

  progress(received) {
    const part = this.file.size ? received / this.file.size : 1;
    this.line.querySelector("progress").value = part;
    this.state = "sending";
    this.show(`${Math.floor(part * 100)} %`, [["Cancel", () => this.cancel()]]);
  }

  get key() {
    return `p2claw-upload:${place}${this.name}:${this.file.size}:${this.file.lastModified}`;
  }

  /** The same for the same file, so that it is gone on with; kept by the browser if it may. */
  get id() {
    let id = this.made;
    try { id ??= localStorage.getItem(this.key); } catch { /* not allowed here */ }
    if (!/^[0-9a-f]{32}$/.test(id ?? "")) {
      id = [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");
    }
    this.made = id;
    try { localStorage.setItem(this.key, id); } catch { /* it is not gone on with after a reload */ }
    return id;
  }

  forget() {
    this.made = undefined;
    try { localStorage.removeItem(this.key); } catch { /* nothing is kept */ }
  }

  async ask(method, more = {}, body = undefined) {
    const query = new URLSearchParams({ id: this.id, size: this.file.size, modified: Math.max(0, this.file.lastModified), ...more });
    if (this.replace) query.set("replace", "1");
    const response = await fetch(`/.p2claw/upload${place}${encodeURIComponent(this.name)}?${query}`, { method, body, signal: this.stop.signal });
    let told = {};
    try { told = await response.json(); } catch { /* a page for people, from before the folder */ }
    if (!response.ok || told.received === undefined) throw new Refused(response.status, told);
    return told;
  }

  async send() {
    let size = FIRST_BYTES;
    let at = -1;
    for (let tries = 0; ;) {
      try {
        const began = performance.now();
        let told;
        if (at < 0) told = await this.ask("GET");
        else told = await this.ask("PUT", { at }, this.file.slice(at, at + size));
        if (told.done) return told.name;
        if (at >= 0) {
          const took_ms = performance.now() - began;
          size = took_ms < 1000 ? Math.min(size * 2, MOST_BYTES) : took_ms > 4000 ? Math.max(size / 2, FIRST_BYTES / 4) : size;
        }
        tries = 0;
        at = told.received;
        this.progress(at);
      } catch (error) {
        if (this.stop.signal.aborted || (error instanceof Refused && !error.passes)) throw error;
        tries += 1;
        if (tries > TRIES) throw error;
        at = error.body?.received ?? -1;
        size = FIRST_BYTES;
        if (error.code === "upload-offset") continue;
        this.show("Trying again", [["Cancel", () => this.cancel()]]);
        await new Promise(go => setTimeout(go, Math.min(WAIT_MS * 2 ** tries, MOST_WAIT_MS) * (0.5 + Math.random() / 2)));
        if (this.stop.signal.aborted) throw error;
      }
    }
  }

  async run() {
    try {
      const name = await this.send();
      this.forget();
      this.name = name;
      this.state = "done";
      added += 1;
      this.line.querySelector("progress").value = 1;
      this.show("Added");
    } catch (error) {
      this.state = "failed";
      if (this.stop.signal.aborted) this.show("Cancelled");
      else if (error.code === "upload-taken") this.taken(error.body);
      else if ([400, 413].includes(error.status)) this.show(error.message, [this.leaving()]);
      else if (error instanceof Refused) this.show(error.message, [["Try again", () => this.again()], this.leaving()]);
      else this.show("The box could not be reached", [["Try again", () => this.again()]]);
    }
  }

  taken(told) {
    const acts = [["Keep both", () => {
      this.forget();
      const [, stem, number, end] = this.name.match(/^(.+?)(?: \((\d+)\))?(\.[^.]*)?$/);
      this.name = `${stem} (${Number(number ?? 1) + 1})${end ?? ""}`;
      this.again();
    }]];
    if (told.replaceable) acts.push(["Replace", () => { this.replace = true; this.again(); }]);
    acts.push(this.leaving());
    this.show("There already", acts);
  }

  leaving() {
    return ["Leave out", () => { this.line.remove(); this.state = "left"; summarise(); }];
  }

  again() {
    this.state = "waiting";
    this.stop = new AbortController();
    this.show("Waiting");
    waiting.push(this);
    work();
  }

  cancel() {
    this.stop.abort();
    this.stop = new AbortController();
    this.ask("DELETE").catch(() => { /* the box forgets it in a day */ });
    this.forget();
    this.stop.abort();
  }
}

const uploads = [];

function summarise() {
  const open = uploads.filter(one => ["waiting", "sending"].includes(one.state)).length;
  const asks = uploads.filter(one => one.state === "failed").length;
  heading.textContent = open ? `Adding ${open} ${open === 1 ? "file" : "files"}` : `${added} added`;
  if (!open && !asks && added) location.reload(); // the list has them now
}

async function work() {
  while (sending < AT_ONCE && waiting.length) {
    sending += 1;
    const next = waiting.shift();
    next.run().finally(() => { sending -= 1; work(); });
  }
}

function add(files) {
  if (!files.length) return;
  panel.hidden = false;
  for (const file of files) {
    const made = new Upload(file);
    uploads.push(made);
    waiting.push(made);
  }
  summarise();
  work();
}

/** The files of a drop. A folder among them is no file: it is named, and left out. */
function dropped(transfer) {
  const files = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const file = item.getAsFile();
    if (item.webkitGetAsEntry?.()?.isDirectory) {
      const made = new Upload(file);
      made.state = "left";
      made.show("A folder: open it, or pack it");
      panel.hidden = false;
    } else if (file) files.push(file);
  }
  return files;
}

main.append(panel);
button.addEventListener("click", () => input.click());
input.addEventListener("change", () => { add([...input.files]); input.value = ""; });
panel.querySelector(".close").addEventListener("click", () => {
  for (const one of uploads) if (["waiting", "sending"].includes(one.state)) one.cancel();
  if (added) location.reload();
  panel.hidden = true;
});
const has = event => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", event => {
  if (!has(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", event => { if (!event.relatedTarget) document.body.classList.remove("dropping"); });
addEventListener("drop", event => {
  if (!has(event)) return;
  event.preventDefault();
  document.body.classList.remove("dropping");
  add(dropped(event.dataTransfer));
});
addEventListener("beforeunload", event => {
  if (uploads.some(one => ["waiting", "sending"].includes(one.state))) event.preventDefault();
});
