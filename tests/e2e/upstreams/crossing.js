// What a page of one origin observes of another: the same text runs beside two servers of their own
// and beside two apps. Called as a function of (web, api): the two origins. Every observation is a
// name and a promise of something that is JSON; what fails is the name of its error.
async (web, api) => {
  const own = encodeURIComponent(web);
  const any = "allow=*";
  const ours = `allow=${own}&with=1`;
  const seen = {};
  const observe = async (name, act) => {
    try {
      const never = new Promise((resolve) => setTimeout(resolve, 10_000, "nothing in 10 s"));
      seen[name] = await Promise.race([act(), never]);
    } catch (error) {
      seen[name] = error.name;
    }
  };
  const ask = async (url, init) => {
    const response = await fetch(url.startsWith("/") ? api + url : url, init);
    const echo = await response.json();
    delete echo.length;
    return { status: response.status, ...echo };
  };
  const element = (name, facts) =>
    new Promise((resolve) => {
      const made = document.createElement(name);
      made.onload = () => resolve("load");
      made.onerror = () => resolve("error");
      Object.assign(made, facts);
      (name === "img" ? document.body : document.head).append(made);
    });

  await observe("allowed to all", () => ask(`/a?${any}`));
  await observe("allowed to nobody", () => ask("/a"));
  await observe("allowed to another", () => ask("/a?allow=http://other.example"));
  await observe("allowed to null", () => ask("/a?allow=null"));
  await observe("a status of the app's", () => ask(`/a?${any}&status=404`));
  await observe("credentials and *", () => ask(`/a?${any}&with=1`, { credentials: "include" }));
  await observe("credentials, not allowed", () =>
    ask(`/a?allow=${own}`, { credentials: "include" }),
  );
  await observe("logged in", () => ask(`/login?cookie=s%3D1&${ours}`, { credentials: "include" }));
  await observe("known afterwards", () => ask(`/a?${ours}`, { credentials: "include" }));
  await observe("unknown without credentials", () => ask(`/a?${ours}`));
  const authorized = { headers: { authorization: "Bearer crab" } };
  await observe("a field that is allowed", () => ask(`/p1?${any}&names=authorization`, authorized));
  await observe("* allows authorization too", () => ask(`/p2?${any}&names=*`, authorized));
  await observe("* allows others", () => ask(`/p3?${any}&names=*`, { headers: { "x-a": "1" } }));
  await observe("a field that is not named", () => ask(`/p4?${any}&names=x-b`, authorized));
  await observe("a preflight that is refused", () =>
    ask(`/p5?${any}&names=authorization&preflight=403`, authorized),
  );
  await observe("a preflight without fields", () => ask(`/p6?${any}&wrong=1`, authorized));
  await observe("a method that is allowed", () =>
    ask(`/p7?${any}&methods=PUT,DELETE`, { method: "PUT", body: "text" }),
  );
  await observe("a method that is not", () => ask(`/p8?${any}&methods=PUT`, { method: "DELETE" }));
  await observe("JSON is asked for", () =>
    ask(`/p9?${any}&names=content-type`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    }),
  );
  await observe("a form is simple", () =>
    ask(`/simple?${any}`, { method: "POST", body: new URLSearchParams({ a: "b c" }) }),
  );
  await observe("a preflight is kept", async () => {
    const url = `/kept?${any}&names=x-a&age=60`;
    await ask(url, { headers: { "x-a": "1" } });
    return ask(url, { headers: { "x-a": "2" } });
  });
  await observe("fields that are shown", async () => {
    const response = await fetch(`${api}/a?${any}&shows=x-shown`);
    return ["x-shown", "x-hidden", "content-type", "cache-control", "set-cookie"].map((name) =>
      response.headers.get(name),
    );
  });
  await observe("opaque", async () => {
    const response = await fetch(`${api}/a`, { mode: "no-cors" });
    return [response.type, response.status, response.url, (await response.text()).length];
  });
  await observe("the mode same-origin", () => fetch(`${api}/a?${any}`, { mode: "same-origin" }));

  const to = (url) => encodeURIComponent(url);
  await observe("led within the other", async () => {
    const response = await fetch(`${api}/go?${any}&to=${to(`/a?${any}`)}`);
    return [response.redirected, response.url.slice(api.length)];
  });
  await observe("led from one to the other", async () => {
    const response = await fetch(`/go?to=${to(`${api}/a?${any}`)}`);
    return [response.redirected, response.url.startsWith(api), (await response.json()).origin];
  });
  await observe("led there and refused", () => fetch(`/go?to=${to(`${api}/a`)}`));
  await observe("led back", () => ask(`/go?${any}&to=${to(`${web}/a?${any}`)}`));
  await observe("led back and refused", () => ask(`/go?${any}&to=${to(`${web}/a`)}`));
  await observe("led without leave", () => ask(`/go?to=${to(`${api}/a?${any}`)}`));
  await observe("a redirect is no response", () =>
    ask(`/go?${any}&to=${to(`/a?${any}`)}`, { redirect: "error" }),
  );
  await observe("a redirect that is not followed", async () => {
    const response = await fetch(`${api}/go?${any}&to=/a`, { redirect: "manual" });
    return [response.type, response.status];
  });
  await observe("a POST that is led on", () =>
    ask(`/go?${any}&status=307&to=${to(`/a?${any}`)}`, { method: "POST", body: "again" }),
  );

  await observe("a picture", async () => [
    await element("img", { src: `${api}/picture.svg` }),
    document.images[document.images.length - 1].naturalWidth,
  ]);
  await observe("a picture with CORS", () =>
    element("img", { crossOrigin: "anonymous", src: `${api}/picture.svg?${any}` }),
  );
  await observe("a picture with CORS, refused", () =>
    element("img", { crossOrigin: "anonymous", src: `${api}/picture.svg` }),
  );
  await observe("a picture of the same origin only", () =>
    element("img", { src: `${api}/picture.svg?policy=same-origin` }),
  );
  await observe("a picture of the same site only", () =>
    element("img", { src: `${api}/picture.svg?policy=same-site` }),
  );
  await observe("a script", () => element("script", { src: `${api}/classic.js` }));
  await observe("a script with CORS, refused", () =>
    element("script", { crossOrigin: "", src: `${api}/classic.js` }),
  );
  await observe("a module without leave", () =>
    element("script", { type: "module", src: `${api}/module.js` }),
  );
  await observe("a module", () =>
    element("script", { type: "module", src: `${api}/open/module.js` }),
  );
  await observe("a module that is imported", async () => (await import(`${api}/open/part.js`)).part);
  await observe("what ran", () => window.ran);
  await observe("a style", () =>
    element("link", { rel: "stylesheet", href: `${api}/style.css` }),
  );
  await observe("its colour", () => getComputedStyle(document.querySelector("h1")).color);
  await observe("a style that may be read", async () => {
    await element("link", {
      rel: "stylesheet",
      crossOrigin: "anonymous",
      href: `${api}/style.css?${any}`,
    });
    return [...document.styleSheets].at(-1).cssRules.length;
  });
  await observe("a font", async () => {
    const font = await new FontFace("F", `url(${api}/font.ttf?${any})`).load();
    return font.status;
  });
  await observe("a font without leave", () =>
    new FontFace("G", `url(${api}/font.ttf)`).load().then(({ status }) => status),
  );

  const xhr = (url, { method = "GET", body = null, credentials = false, upload = false } = {}) =>
    new Promise((resolve) => {
      const made = new XMLHttpRequest();
      const events = [];
      made.open(method, api + url);
      made.withCredentials = credentials;
      if (upload) {
        made.upload.onprogress = ({ loaded, total }) => events.push([loaded, total]);
        made.upload.onload = () => events.push("load");
      }
      made.onload = () => {
        const echo = JSON.parse(made.responseText);
        const last = upload ? [events.at(-1), events.at(-2)?.[1]] : [];
        resolve({ status: made.status, length: echo.length, cookie: echo.cookie, last });
      };
      made.onerror = () => resolve("error");
      made.send(body);
    });
  await observe("XHR", () => xhr(`/x?${any}`));
  await observe("XHR, refused", () => xhr("/x"));
  await observe("XHR with credentials", () => xhr(`/x?${ours}`, { credentials: true }));
  await observe("XHR that sends a file", () =>
    xhr(`/x?${any}`, { method: "POST", body: new Blob(["x".repeat(3_000_000)]), upload: true }),
  );
  await observe("a large body", async () => {
    const body = new Blob(["y".repeat(1_000_000)]);
    const response = await fetch(`${api}/x?${any}`, { method: "POST", body });
    return (await response.json()).length;
  });

  const events = (url, init) =>
    new Promise((resolve) => {
      const source = new EventSource(api + url, init);
      const received = [];
      source.onmessage = ({ data, origin, lastEventId }) => {
        received.push([data, origin === api, lastEventId]);
        if (received.length === 7) {
          source.close();
          resolve(received);
        }
      };
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) resolve("closed");
      };
    });
  await observe("events, over a connection that ends", () => events(`/events?count=5&${any}`));
  await observe("events with credentials", () =>
    events(`/events?${ours}`, { withCredentials: true }).then((received) => received.length),
  );
  const socket = (protocols) =>
    new Promise((resolve) => {
      const made = new WebSocket(`${api.replace("http", "ws")}/socket`, protocols);
      made.binaryType = "arraybuffer";
      const received = [];
      made.onmessage = ({ data }) => {
        received.push(typeof data === "string" ? data : data.byteLength);
        if (received.length === 1) made.send("hello");
        if (received.length === 2) made.send(new Uint8Array(200_000));
        if (received.length === 3) made.send("end");
      };
      made.onclose = ({ code, reason, wasClean }) =>
        resolve([received, made.protocol, code, reason, wasClean]);
    });
  await observe("a WebSocket", () => socket(["crab"]));
  await observe("a WebSocket of a worker", () => {
    const text = `const made = new WebSocket("${api.replace("http", "ws")}/socket");
      made.onmessage = ({ data }) => { postMessage(data); made.close(); };
      made.onerror = () => postMessage("error");`;
    const worker = new Worker(URL.createObjectURL(new Blob([text])));
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
    });
  });
  await observe("fetch of a worker", () => {
    const text = `fetch("${api}/w?${any}").then(a => a.json()).then(s => postMessage(s.method),
      e => postMessage(e.name))`;
    const worker = new Worker(URL.createObjectURL(new Blob([text])));
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
    });
  });
  await observe("a beacon", () => navigator.sendBeacon(`${api}/beacon`, "lamp"));
  await observe("a frame", async () => {
    const frame = document.createElement("iframe");
    frame.src = `${api}/framed`;
    const echo = new Promise((resolve) => {
      window.addEventListener("message", ({ data, origin }) => {
        if (data === "framed") resolve([data, origin === api]);
      });
    });
    document.body.append(frame);
    return echo;
  });
  return seen;
}
