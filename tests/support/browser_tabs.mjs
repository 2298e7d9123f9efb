// What a test can do in one tab. "top" is the tab's own document; "app" is the document that the
// person sees: the first frame below the shell.

const NAVIGATION_MS = 60_000;

export class Tab {
  /** @param report called with {event, ...} for what the page writes to its console. */
  constructor(page, report) {
    this.page = page;
    page.on("console", (m) => report({ event: "console", level: m.type(), text: m.text() }));
    page.on("pageerror", (e) => report({ event: "pageerror", text: String(e?.stack ?? e) }));
    this.asked = [];
    this.accepts = true;
    page.on("dialog", (d) => {
      this.asked.push(d.type());
      void (this.accepts ? d.accept() : d.dismiss()).catch(() => {});
    });
  }

  /** What dialogs are closed with from now on; returns the kinds of those that came until now. */
  async dialogs({ accept }) {
    this.accepts = accept;
    return this.asked.splice(0);
  }

  /** The browser's own Back; it waits for no document. */
  async back() {
    await this.#traverse(-1);
  }

  async forward() {
    await this.#traverse(1);
  }

  async press({ keys }) {
    for (const key of keys) await this.page.keyboard.down(key);
    for (const key of keys.toReversed()) await this.page.keyboard.up(key);
  }

  /** Typed at whatever has the focus. */
  async write({ text }) {
    await this.page.keyboard.type(text);
  }

  async pdf({ path }) {
    await this.page.pdf({ path, format: "a4" });
  }

  /** Chromium only: a command of its DevTools protocol, and what it returns. */
  async cdp({ method, params }) {
    this.session ??= await this.page.createCDPSession();
    return this.session.send(method, params);
  }

  async goto({ url, preload }) {
    if (preload) await this.page.evaluateOnNewDocument(preload);
    const response = await this.page.goto(url, {
      waitUntil: "domcontentloaded",
      timeout: NAVIGATION_MS,
    });
    return { status: response?.status() ?? null };
  }

  /** hard: past every cache, and past the service worker. */
  async reload({ hard }) {
    const options = { waitUntil: "domcontentloaded", timeout: NAVIGATION_MS };
    if (!hard) return void (await this.#reload(options));
    try {
      await this.page.reload({ ...options, ignoreCache: true });
    } catch (error) {
      if (!String(error).includes("not supported")) throw error;
      // Firefox's protocol has no word for it, but its pages do.
      const loaded = this.page.waitForNavigation(options);
      await this.page.evaluate("location.reload(true)");
      await loaded;
    }
  }

  async front() {
    await this.page.bringToFront();
  }

  /** `fn` is the text of a function; what it returns (or its promise gives) must be JSON. */
  async evaluate({ within, fn, args }) {
    const value = await this.#frame(within).evaluate(`(${fn})(...${JSON.stringify(args ?? [])})`);
    return value === undefined ? null : value;
  }

  async click({ within, selector }) {
    const element = await this.#element(within, selector);
    await element.click();
    await element.dispose();
  }

  async type({ within, selector, text, enter }) {
    const element = await this.#element(within, selector);
    await element.click({ count: 3 });
    await element.type(text);
    if (enter) await element.press("Enter");
    await element.dispose();
  }

  async upload({ within, selector, files }) {
    const element = await this.#element(within, selector);
    await element.uploadFile(...files);
    await element.dispose();
  }

  async screenshot({ path, fullPage }) {
    await this.page.screenshot({ path, fullPage: fullPage ?? false });
  }

  async close() {
    await this.page.close();
  }

  // Firefox's driver takes the end of what was still loading for that of the reload now and then.
  async #reload(options) {
    const before = await this.page.evaluate("performance.timeOrigin");
    try {
      await this.page.reload(options);
    } catch (error) {
      if (!String(error).includes("NS_BINDING_ABORTED")) throw error;
      const isNew = `performance.timeOrigin !== ${before} && document.readyState !== "loading"`;
      await this.page.waitForFunction(isNew, { timeout: options.timeout });
    }
  }

  // Not goBack(): that waits for a load, and entries of one document have none.
  async #traverse(delta) {
    const go = delta < 0 ? this.page.goBack() : this.page.goForward();
    await Promise.race([go.catch(() => {}), new Promise((done) => setTimeout(done, 300))]);
  }

  async #element(within, selector) {
    const element = await this.#frame(within).$(selector);
    if (element === null) throw new Error(`nothing matches ${selector}`);
    return element;
  }

  #frame(within) {
    const top = this.page.mainFrame();
    if (within === "top") return top;
    // Where the tab goes on in another process, Firefox leaves the driver the frames of the old one.
    // Where the app asks another one, the shell has a frame of its own beside the app's.
    const app = top.childFrames().findLast((frame) => !frame.url()?.endsWith("/__p2claw/session"));
    if (app === undefined) throw new Error("no app frame yet");
    if (within === "app") return app;
    const inner = app.childFrames()[0];
    if (inner === undefined) throw new Error("no frame in the app yet");
    return inner;
  }
}
