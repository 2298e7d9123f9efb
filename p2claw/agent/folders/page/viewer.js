// Shows pictures, films and sounds of the list over it, one after the other, in its order.
// Keys: ← → the neighbours, Home End the first and the last, space plays, shift with an arrow jumps
// ten seconds, f fills the screen, Esc closes. Fingers: sideways to the neighbours, down closes.
// What is shown stands in the URL after #, so Back closes it, and a link to it can be sent.

const JUMP_S = 10;
const SWIPE_PX = 48;

const items = [...document.querySelectorAll("a[data-show]")].map(link => ({
  link,
  kind: link.dataset.show,
  source: link.dataset.source,
  whole: link.getAttribute("href"),
  size: link.dataset.size,
  name: link.querySelector(".name").textContent,
  mark: link.getAttribute("href").slice(2),
}));

const dialog = document.createElement("dialog");
dialog.className = "viewer";
dialog.tabIndex = -1;
dialog.innerHTML = `
<div class="bar">
  <span class="title"></span><span class="where"></span><span class="where size"></span>
  <a class="whole" target="_blank" rel="noopener">Open file</a>
  <button class="close" aria-label="Close"><svg viewBox="0 0 24 24"><path d="M6 6l12 12M18 6 6 18"/></svg></button>
</div>
<div class="stage">
  <button class="turn back" aria-label="Previous"><svg viewBox="0 0 24 24"><path d="M15 5l-7 7 7 7"/></svg></button>
  <button class="turn on" aria-label="Next"><svg viewBox="0 0 24 24"><path d="M9 5l7 7-7 7"/></svg></button>
</div>`;
const part = name => dialog.querySelector(name);
const stage = part(".stage");
let now = -1;
let pushed = false;

function draw(item) {
  const made = document.createElement(
    { picture: "img", film: "video", sound: "audio" }[item.kind]);
  made.className = "shown";
  if (item.kind === "picture") {
    made.alt = item.name;
    made.decoding = "async";
    made.draggable = false;
  } else {
    made.controls = true;
    made.autoplay = true;
    made.playsInline = true;
    made.preload = "metadata";
  }
  made.addEventListener("error", () => fail(made, item));
  made.src = item.source;
  return made;
}

function fail(made, item) {
  if (item.kind === "picture" && item.source !== item.whole) {
    item.source = item.whole; // it could not be made smaller
    made.src = item.whole;
    return;
  }
  const notice = document.createElement("p");
  notice.className = "trouble";
  notice.append("This browser cannot show it. ");
  const link = document.createElement("a");
  link.href = item.whole;
  link.download = "";
  link.textContent = `Save it (${item.size})`;
  notice.append(link);
  made.replaceWith(notice);
}

function show(index) {
  clear();
  now = index;
  const item = items[index];
  stage.prepend(draw(item));
  part(".title").textContent = item.name;
  part(".where").textContent = `${index + 1} of ${items.length}`;
  part(".size").textContent = `· ${item.size}`;
  part(".whole").href = item.whole;
  part(".back").hidden = index === 0;
  part(".on").hidden = index === items.length - 1;
  if (!dialog.open) {
    dialog.showModal();
    dialog.focus(); // itself, and none of its buttons
  }
  for (const near of [items[index + 1], items[index - 1]]) {
    if (near?.kind === "picture") new Image().src = near.source;
  }
}

function clear() {
  const old = part(".shown, .trouble");
  if (old instanceof HTMLMediaElement) {
    old.pause();
    old.removeAttribute("src"); // ends its download
    old.load();
  }
  old?.remove();
}

function turn(index) {
  if (index < 0 || index >= items.length || index === now) return;
  history.replaceState(history.state, "", `#${items[index].mark}`);
  show(index);
}

function close() {
  if (pushed) {
    history.back();
    return;
  }
  history.replaceState(null, "", location.pathname + location.search);
  follow();
}

/** Show what the URL names. */
function follow() {
  const mark = location.hash.slice(1);
  const index = mark ? items.findIndex(item => item.mark === mark) : -1;
  if (index >= 0) {
    if (index !== now) show(index);
    return;
  }
  pushed = false;
  if (now < 0) return;
  const link = items[now].link;
  clear();
  now = -1;
  dialog.close();
  link.scrollIntoView({ block: "nearest" });
  link.focus({ preventScroll: true });
}

function play(media) {
  if (media.paused) media.play();
  else media.pause();
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const media = part("video, audio");
  const sign = { ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
  if (sign && event.shiftKey && media) media.currentTime += sign * JUMP_S;
  else if (sign) turn(now + sign);
  else if (event.key === "Home") turn(0);
  else if (event.key === "End") turn(items.length - 1);
  else if (event.key === " " && media && event.target.tagName !== "BUTTON") play(media);
  else if (event.key === "f") fill();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function fill() {
  if (document.fullscreenElement) document.exitFullscreen();
  else dialog.requestFullscreen?.();
}

/** One finger, sideways or down; two are the browser's own, to zoom. */
function touch() {
  let from = null;
  stage.addEventListener("touchstart", event => {
    const isZoomed = (visualViewport?.scale ?? 1) > 1.01;
    from = event.touches.length === 1 && !isZoomed ? event.touches[0] : null;
  }, { passive: true });
  stage.addEventListener("touchend", event => {
    if (!from || event.touches.length) return;
    const to = event.changedTouches[0];
    const across = to.clientX - from.clientX;
    const down = to.clientY - from.clientY;
    from = null;
    if (Math.abs(across) > SWIPE_PX && Math.abs(across) > 1.5 * Math.abs(down)) turn(now + (across < 0 ? 1 : -1));
    else if (down > 2 * SWIPE_PX && down > 1.5 * Math.abs(across)) close();
  }, { passive: true });
}

if (items.length) {
  document.body.append(dialog);
  dialog.addEventListener("cancel", event => { event.preventDefault(); close(); });
  dialog.addEventListener("keydown", key, true); // before a film handles the arrows
  part(".close").addEventListener("click", close);
  part(".back").addEventListener("click", () => turn(now - 1));
  part(".on").addEventListener("click", () => turn(now + 1));
  touch();
  items.forEach((item, index) => item.link.addEventListener("click", event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState(null, "", `#${item.mark}`);
    pushed = true;
    show(index);
  }));
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  follow();
}
