// Starts a real browser for the tests: Debian's Chromium or Firefox ESR, headless, with a profile of
// its own. What the browser is made to do afterwards is browser_tabs.mjs.

import { createRequire } from "node:module";

const require = createRequire(new URL("../e2e/package.json", import.meta.url));
const puppeteer = require("puppeteer-core");

const EXECUTABLES = { chromium: "/usr/bin/chromium", firefox: "/usr/bin/firefox-esr" };

// Nothing here changes what a page can do or how WebRTC behaves; it only silences the browser's own
// traffic, which a closed network would refuse many times a second.
const CHROMIUM_QUIET = [
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
  "--disable-gpu",
  "--disable-breakpad",
  "--disable-crash-reporter",
];

const FIREFOX_QUIET = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "captivedetect.canonicalURL": "",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.enabled": false,
};

/** Returns puppeteer's Browser; `profile` and `downloads` are folders that exist; `flags` are
 * Chromium's, `prefs` Firefox's. trusting: a certificate that nobody vouches for is taken. reports:
 * the browser reports to the driver every request and every piece of its response. */
export async function launch({
  kind,
  profile,
  downloads,
  executable,
  flags = [],
  prefs = {},
  trusting = false,
  reports = true,
}) {
  const common = {
    browser: kind === "firefox" ? "firefox" : "chrome",
    executablePath: executable ?? EXECUTABLES[kind],
    headless: true,
    acceptInsecureCerts: trusting,
    networkEnabled: reports,
    userDataDir: profile,
    defaultViewport: { width: 1100, height: 800 },
    protocolTimeout: 0, // every command has the caller's deadline
    timeout: 60_000,
  };
  if (kind === "firefox") {
    const extraPrefsFirefox = {
      ...FIREFOX_QUIET,
      "browser.download.folderList": 2,
      "browser.download.dir": downloads,
      "browser.download.useDownloadDir": true,
      "browser.download.always_ask_before_handling_new_types": false,
      "browser.download.manager.addToRecentDocs": false,
      ...prefs,
    };
    return puppeteer.launch({ ...common, extraPrefsFirefox });
  }
  const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await puppeteer.launch({ ...common, args: [...CHROMIUM_QUIET, ...root, ...flags] });
  const cdp = await browser.target().createCDPSession();
  await cdp.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads });
  return browser;
}
