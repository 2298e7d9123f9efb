// What a hostile page tries on an app at another address. Each value is what it got: "read: …" is
// what must never be there unless an ordinary server gave it too.
async (victim) => {
  const attempt = async (work, seconds = 8) => {
    const late = new Promise((resolve) => setTimeout(resolve, seconds * 1000, "nothing"));
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      return error.name;
    }
  };
  const loads = (element, place = document.body) =>
    new Promise((resolve) => {
      element.onload = () => resolve("load");
      element.onerror = () => resolve("error");
      place.append(element);
    });
  const frame = async (path) => {
    const made = document.createElement("iframe");
    made.src = victim + path;
    await attempt(() => loads(made), 6);
    return made;
  };
  const asked = async (path, init) => {
    const response = await fetch(victim + path, init);
    return response.type === "opaque" ? "opaque" : `read: ${(await response.text()).slice(0, 40)}`;
  };
  const make = (name, fields) => Object.assign(document.createElement(name), fields);
  const tried = {
    "read by fetch": () => asked("/secret"),
    "read with its cookies": () => asked("/secret", { credentials: "include" }),
    "read without CORS": () => asked("/secret", { mode: "no-cors", credentials: "include" }),
    "read only if same-origin": () => asked("/secret", { mode: "same-origin" }),
    "ask with a field of its own": () => asked("/secret", { headers: { "X-Evil": "1" } }),
    "delete": () => asked("/secret", { method: "DELETE" }),
    "read by XMLHttpRequest": () =>
      new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open("GET", `${victim}/secret`);
        request.withCredentials = true;
        request.onload = () => resolve(`read: ${request.responseText.slice(0, 40)}`);
        request.onerror = () => resolve("error");
        request.send();
      }),
    "listen to its events": () =>
      new Promise((resolve) => {
        const source = new EventSource(`${victim}/events?count=3`, { withCredentials: true });
        source.onmessage = () => { source.close(); resolve("read: an event"); };
        source.onerror = () => { source.close(); resolve("error"); };
      }),
    "import its module": async () => { await import(`${victim}/module.js`); return "ran"; },
    "run its data as a script": () => loads(make("script", { src: `${victim}/secret` })),
    "see the pixels of its picture": async () => {
      const picture = make("img", { src: `${victim}/picture.svg` });
      if ((await loads(picture)) === "error") return "error";
      const canvas = document.createElement("canvas");
      canvas.getContext("2d").drawImage(picture, 0, 0);
      return `read: ${canvas.toDataURL().length > 0}`;
    },
    "read the rules of its style": async () => {
      const link = make("link", { rel: "stylesheet", href: `${victim}/style.css` });
      if ((await loads(link, document.head)) === "error") return "error";
      return `read: ${link.sheet.cssRules.length}`;
    },
    "use its font": async () => {
      await new FontFace("evil", `url(${victim}/font.ttf)`).load();
      return "load";
    },
    "reach into a frame of it": async () => {
      const made = await frame("/");
      return made.contentDocument === null ? "null" : `read: ${made.contentDocument.title}`;
    },
    "read where a frame of it is": async () => `read: ${(await frame("/")).contentWindow.location.href}`,
    "call into a frame of it": async () => `read: ${(await frame("/")).contentWindow.eval("1")}`,
    "read the storage of a frame of it": async () =>
      `read: ${(await frame("/")).contentWindow.localStorage.length}`,
    "reach into its own worker's files by a frame": async () => {
      const made = await frame("/__p2claw/reset");
      return made.contentDocument === null ? "null" : "read: ours";
    },
    "register its Service Worker": async () => {
      await navigator.serviceWorker.register(`${victim}/classic.js`);
      return "registered";
    },
    "register ours": async () => {
      await navigator.serviceWorker.register(`${victim}/__p2claw/sw.js`);
      return "registered";
    },
    "register for its scope": async () => {
      await navigator.serviceWorker.register("/classic.js", { scope: `${victim}/` });
      return "registered";
    },
    "start its script as a worker": () => { new Worker(`${victim}/classic.js`); return "started"; },
    "start it as a shared worker": () => {
      new SharedWorker(`${victim}/classic.js`);
      return "started";
    },
    "read its cookies": () => (document.cookie.includes("victim") ? `read: ${document.cookie}` : "none"),
    "set a cookie for it": () => {
      document.cookie = `evil=1; domain=${new URL(victim).hostname}; path=/`;
      return document.cookie.includes("evil=1") && new URL(victim).hostname !== location.hostname
        ? "set"
        : "not set";
    },
    "read its storage": () => (localStorage.getItem("victim") ? "read: localStorage" : "none"),
    "find its databases": async () =>
      (await indexedDB.databases()).some((one) => one.name === "victim") ? "read: name" : "none",
    "read its caches": async () => ((await caches.has("victim")) ? "read: cache" : "none"),
    "receive its broadcasts": async () => {
      const received = new Promise((resolve) => {
        new BroadcastChannel("victim").onmessage = () => resolve("read: message");
      });
      await frame("/");
      return Promise.race([received, new Promise((resolve) => setTimeout(resolve, 500, "nothing"))]);
    },
    "speak to the worker of its link": async () => {
      const made = await frame("/");
      const channel = new MessageChannel();
      const received = new Promise((resolve) => {
        channel.port1.onmessage = ({ data }) => resolve(`read: ${JSON.stringify(data)}`);
        addEventListener("message", ({ data, origin }) => {
          if (origin === victim && data !== "framed") resolve(`read: ${JSON.stringify(data)}`);
        });
      });
      for (const kind of ["request", "connect", "port", "hello", "cookies", "fetch"]) {
        made.contentWindow.postMessage({ kind, method: "GET", url: "/secret" }, "*", [
          ...(kind === "request" ? [channel.port2] : []),
        ]);
      }
      return Promise.race([received, new Promise((resolve) => setTimeout(resolve, 800, "nothing"))]);
    },
  };
  const got = {};
  for (const [name, work] of Object.entries(tried)) got[name] = await attempt(work);
  return got;
}
