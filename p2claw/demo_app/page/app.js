// What the page does: each section by itself, with nothing but what browsers bring.

const $ = (id) => document.getElementById(id);
const mb = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MB`;

hello();
film();
feed();
upload();
download();
api();
corners();

async function hello() {
  try {
    const facts = await (await fetch("/api/hello")).json();
    $("machine").textContent = facts.machine || "a machine somewhere";
    $("hello").textContent = `${facts.message}: Python ${facts.python}, ${new Date(facts.time_s * 1000).toLocaleTimeString()}`;
    $("hello-state").className = "dot on";
  } catch (error) {
    $("hello").textContent = `no response: ${error.message}`;
    $("hello-state").className = "dot off";
  }
}

function film() {
  const player = $("player");
  for (const button of document.querySelectorAll("[data-seek]")) {
    button.addEventListener("click", () => {
      player.currentTime = Number(button.dataset.seek);
      player.play().catch(() => {}); // a browser may want another click first
    });
  }
  player.addEventListener("timeupdate", () => {
    $("position").textContent = `${player.currentTime.toFixed(1)} s`;
  });
}

function feed() {
  const source = new EventSource("/events");
  const levels = [];
  let seen = 0;
  source.addEventListener("open", () => ($("feed-state").className = "dot on"));
  source.addEventListener("error", () => ($("feed-state").className = "dot off"));
  source.addEventListener("message", (message) => {
    const event = JSON.parse(message.data);
    levels.push(event.level);
    if (levels.length > 60) levels.shift();
    $("feed-number").textContent = event.n;
    $("feed-count").textContent = ++seen;
    drawCurve(levels);
  });
}

function drawCurve(levels) {
  const [line, area] = [$("curve").querySelector(".line"), $("curve").querySelector(".area")];
  const step = 300 / 59;
  const left = 300 - (levels.length - 1) * step;
  const points = levels.map((level, i) => `${(left + i * step).toFixed(1)},${(82 - level * 74).toFixed(1)}`);
  line.setAttribute("d", `M${points.join("L")}`);
  area.setAttribute("d", `M${left.toFixed(1)},90L${points.join("L")}L300,90Z`);
}

function upload() {
  const [form, file, drop, bar] = [$("upload-form"), $("upload-file"), $("drop"), $("upload-progress")];
  const named = () => ($("upload-name").textContent = file.files[0]?.name ?? "Choose a file, or drop one here");
  file.addEventListener("change", named);
  for (const [kind, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", over);
      if (kind === "drop" && event.dataTransfer.files.length) {
        file.files = event.dataTransfer.files;
        named();
      }
    });
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (file.files.length) send(file.files[0], bar);
    else $("upload-state").textContent = "choose a file first";
  });
}

// Two counts: what the browser reports as sent, and what the server reports as arrived.
function send(file, bar) {
  const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const request = new XMLHttpRequest();
  const began = performance.now();
  let sent = 0;
  let arrived = 0;
  const show = (text) => {
    bar.value = file.size ? Math.max(sent, arrived) / file.size : 1;
    $("upload-state").textContent = text ?? `${mb(Math.max(sent, arrived))} of ${mb(file.size)} sent, ${mb(arrived)} arrived`;
  };
  const timer = setInterval(async () => {
    try {
      const response = await fetch(`/api/uploads/${id}`);
      if (response.ok) arrived = (await response.json()).received_bytes;
      if (request.readyState !== XMLHttpRequest.DONE) show();
    } catch {
      // the next tick asks again
    }
  }, 500);
  const end = (text, hash = "") => {
    clearInterval(timer);
    $("upload-stop").hidden = true;
    $("upload-sha256").textContent = hash;
    show(text);
  };
  request.upload.addEventListener("progress", (event) => {
    sent = event.loaded;
    show();
  });
  request.addEventListener("load", () => {
    if (request.status !== 200) return end(`the server responded with ${request.status}`);
    const facts = JSON.parse(request.responseText);
    sent = arrived = facts.received_bytes;
    const seconds = (performance.now() - began) / 1000;
    end(`${mb(arrived)} in ${seconds.toFixed(1)} s, ${mb(arrived / seconds)}/s`, facts.sha256);
  });
  request.addEventListener("error", () => end("the upload broke off"));
  request.addEventListener("abort", () => end("stopped"));
  $("upload-stop").hidden = false;
  $("upload-stop").onclick = () => request.abort();
  $("upload-sha256").textContent = "";
  show();
  request.open("POST", `/upload?id=${id}`);
  request.send(file);
}

function download() {
  const size = $("size");
  size.addEventListener("change", () => ($("save").href = `/download?mb=${size.value}`));
  let running = null;
  $("measure").addEventListener("click", async () => {
    if (running) return running.abort();
    running = new AbortController();
    $("measure").textContent = "Stop";
    try {
      await measure(Number(size.value), running.signal);
    } catch (error) {
      $("measure-state").textContent = error.name === "AbortError" ? "stopped" : `broke off: ${error.message}`;
    }
    $("measure").textContent = "Measure";
    running = null;
  });
}

async function measure(size, signal) {
  const known = fetch(`/api/download?mb=${size}`, { signal }).then((response) => response.json());
  known.catch(() => {}); // awaited below, unless the download breaks off first
  const response = await fetch(`/download?mb=${size}`, { signal });
  const total = Number(response.headers.get("content-length"));
  const reader = response.body.getReader();
  const began = performance.now();
  let bytes = 0;
  let shown = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    bytes += step.value.length;
    if (performance.now() - shown > 100) {
      shown = performance.now();
      const rate = bytes / ((shown - began) / 1000);
      $("measure-progress").value = bytes / total;
      $("measure-state").textContent = `${mb(bytes)} of ${mb(total)}, ${mb(rate)}/s`;
    }
  }
  const seconds = (performance.now() - began) / 1000;
  $("measure-progress").value = bytes / total;
  $("measure-state").textContent = `${mb(bytes)} in ${seconds.toFixed(1)} s, ${mb(bytes / seconds)}/s`;
  $("download-sha256").textContent = (await known).sha256;
}

function api() {
  $("call").addEventListener("click", async () => {
    const method = $("method").value;
    const body = ["POST", "PUT", "PATCH"].includes(method) ? JSON.stringify({ tide: "high" }) : undefined;
    const headers = body ? { "content-type": "application/json" } : {};
    try {
      const response = await fetch("/api/echo?from=page", { method, body, headers });
      $("response").textContent = JSON.stringify(await response.json(), null, 2);
    } catch (error) {
      $("response").textContent = `no response: ${error.message}`;
    }
  });
  $("burst").addEventListener("click", async () => {
    const began = performance.now();
    const one = async (n) => {
      const from = performance.now();
      const response = await fetch(`/api/echo?n=${n}`);
      if (!response.ok) throw new Error(`status ${response.status}`);
      await response.arrayBuffer();
      return performance.now() - from;
    };
    try {
      const times = (await Promise.all(Array.from({ length: 100 }, (_, n) => one(n)))).sort((a, b) => a - b);
      const whole = performance.now() - began;
      $("response").textContent = `100 requests in ${whole.toFixed(0)} ms\nmedian ${times[50].toFixed(0)} ms, slowest ${times[99].toFixed(0)} ms`;
    } catch (error) {
      $("response").textContent = `not all got a response: ${error.message}`;
    }
  });
}

function corners() {
  const cases = [
    ["204 has no body", async () => (await fetch("/empty")).status === 204],
    ["a redirect is followed", async () => (await fetch("/redirect")).url.endsWith("/about?from=redirect")],
    ["HEAD has the length", async () => (await fetch("/media/film.webm", { method: "HEAD" })).headers.get("content-length") > 0],
    ["a range gives 206", async () => {
      const response = await fetch("/media/film.webm", { headers: { range: "bytes=100-199" } });
      return response.status === 206 && (await response.arrayBuffer()).byteLength === 100;
    }],
    ["404 stays 404", async () => (await fetch("/no/such/page")).status === 404],
    ["503 stays 503", async () => (await fetch("/status/503")).status === 503],
  ];
  const items = cases.map(([name]) => {
    const item = document.createElement("li");
    item.append(name, Object.assign(document.createElement("span"), { textContent: "–" }));
    $("checks").append(item);
    return item.lastChild;
  });
  $("check").addEventListener("click", () => {
    cases.forEach(async ([, run], i) => {
      items[i].textContent = "…";
      const good = await run().catch(() => false);
      items[i].textContent = good ? "yes" : "no";
      items[i].className = good ? "good" : "bad";
    });
  });
}
