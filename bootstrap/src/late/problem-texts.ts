// What a visitor reads in place of an app, a page for each code: what happened, and what to do. Pure.

import type { Names, ProblemCode, ProblemText } from "../messages/problems";

type Text = (names: Names) => ProblemText;

/** The page for a code, without the facts that only the caller knows. */
export function problemText(code: ProblemCode, names: Names): ProblemText {
  return TEXTS[code](names);
}

const LOST: Text = () => ({
  title: "The link to the box was lost",
  text: ["The page goes on loading as soon as the link is back."],
});

const REFUSED: Text = () => ({
  title: "The box refused this request",
  text: ["Its address or its fields are malformed or too long."],
});

const TEXTS: Record<ProblemCode, Text> = {
  "address-invalid": ({ host }) => ({
    title: "This is not the address of an app",
    text: [`An address looks like dog-purplecrab: an app, a hyphen, a box. “${host}” does not.`],
  }),
  "alias-unknown": ({ alias }) => ({
    title: `There is no box called “${alias}”`,
    text: ["No box has ever had this name. Check the address for a typing error."],
  }),
  "box-offline": ({ alias }) => ({
    title: `“${alias}” is asleep`,
    text: [
      "The computer that runs this app is switched off, or not connected to the internet.",
      "Leave this page open: the app appears as soon as the box is back.",
    ],
  }),
  "app-unknown": ({ app, alias }) => ({
    title: `“${alias}” has no app called “${app}”`,
    text: [
      `The box is online, but it does not share an app of this name.`,
      `If it is yours, run \`p2claw expose ${app} PORT\` on it; this page notices by itself.`,
    ],
  }),
  "rate-limited": () => ({
    title: "Too many visits at once",
    text: ["Your network has opened many links in a short time. This page goes on in a moment."],
  }),
  "box-busy": ({ alias }) => ({
    title: `“${alias}” is busy`,
    text: ["It serves as many visitors as it allows. This page tries again by itself."],
  }),
  "box-silent": ({ alias }) => ({
    title: `“${alias}” does not answer`,
    text: [
      "The box is registered, but did not answer in time. It may be waking up, or losing its network.",
      "This page tries again by itself.",
    ],
  }),
  "going-down": () => ({
    title: "The introduction service restarts",
    text: ["It introduces visitors to boxes. This page goes on in a moment."],
  }),
  version: () => ({
    title: "This page is out of date",
    text: ["A newer version is needed to speak to this box. Reload the page."],
  }),
  protocol: () => ({
    title: "Something that should not happen",
    text: ["The introduction service sent what this page does not understand."],
  }),
  unreachable: () => ({
    title: "The introduction service cannot be reached",
    text: [
      "Your browser is offline, or a firewall blocks WebSockets.",
      "This page tries again by itself.",
    ],
  }),
  "no-path": ({ alias }) => ({
    title: "No path to the box was found",
    text: [
      `“${alias}” is online, but your two networks let nothing through to each other. A strict firewall or VPN often is the reason.`,
      "Another network, a phone's for example, usually works. This page goes on trying.",
    ],
  }),
  offline: LOST,
  "wrong-key": ({ alias }) => ({
    title: "This may not be the right box",
    text: [
      `Whoever answered as “${alias}” could not prove to be it. Nothing was sent or shown.`,
      "Somebody may be trying to intercept your visit. Do not go on unless whoever runs the box has told you, by another way, why its key changed.",
    ],
  }),
  "no-webrtc": () => ({
    title: "This browser lacks WebRTC",
    text: [
      "The app comes straight from a box to your browser, over a WebRTC data channel. This browser has none that can be used, or it is switched off by a setting or an extension.",
      "A current Chrome, Edge, Firefox or Safari works.",
    ],
  }),
  "no-service-worker": () => ({
    title: "Service workers are not available",
    text: [
      "The app's pages are delivered by a service worker. This browser has none, or does not allow it in a private window or with its site data blocked.",
      "Try an ordinary window, or allow this site to keep data.",
    ],
  }),
  bypassed: () => ({
    title: "The service worker is bypassed",
    text: [
      "The app's pages are delivered by a service worker, and this browser has been told to go past it: by “Bypass for network” in the developer tools, or by an extension.",
      "Untick that under Application → Service workers, or close the developer tools, and reload.",
    ],
  }),
  insecure: () => ({
    title: "This address needs https",
    text: ["Browsers give an unencrypted page neither service workers nor keys."],
  }),
  "old-browser": () => ({
    title: "This browser is too old",
    text: [
      "It cannot check the box's signature, or hand a data channel to a worker.",
      "A current Chrome, Edge, Firefox or Safari can.",
    ],
  }),
  "app-down": ({ app, alias }) => ({
    title: `“${app}” is not running`,
    text: [
      `The link to “${alias}” works, but nothing answers where the app should be.`,
      "If it is yours, start it; this page notices by itself.",
    ],
  }),
  "app-broken": ({ app }) => ({
    title: `“${app}” does not speak HTTP`,
    text: [`Something answers where the app should be, but not as a web server does.`],
  }),
  "app-head-too-large": ({ app }) => ({
    title: `“${app}” says too much`,
    text: ["The fields of its answer (cookies, policies, links) are larger than may cross a link."],
  }),
  "app-certificate": ({ app }) => ({
    title: `“${app}” has changed its certificate`,
    text: [
      "The box refuses it until its owner has confirmed the new one.",
      `If it is yours and was renewed on purpose, run \`p2claw expose ${app}\` with its address again.`,
    ],
  }),
  "app-timeout": ({ app }) => ({
    title: `“${app}” takes too long`,
    text: ["The app is there, but did not answer in time."],
  }),
  "bad-request": REFUSED,
  "body-too-large": () => ({
    title: "That is too large for the box",
    text: ["The box does not take so much in one request."],
  }),
  "head-too-large": REFUSED,
  "upload-too-large": () => ({
    title: "That is too large for this browser",
    text: [
      "This browser hands a form over in one piece, which only works up to 32 MB.",
      "Another browser may do better.",
    ],
  }),
  coding: () => ({
    title: "The app's answer cannot be read",
    text: ["It is compressed in a way that was not asked for."],
  }),
  lost: LOST,
  reset: LOST,
  download: ({ alias }) => ({
    title: "Your download has started",
    text: [`The file comes straight from “${alias}”. Keep this page open until it is complete.`],
    well: true,
  }),
  resend: () => ({
    title: "Send the form again?",
    text: [
      "This page is the answer to a form. To see it, the form must be sent again, and what it did may be done twice.",
      "To leave it as it is, go back.",
    ],
    well: true,
    act: "Send again",
  }),
  "form-gone": () => ({
    title: "This page came of a form",
    text: ["What was sent is not kept. Go back to fill the form in again, or open its address."],
    well: true,
    act: "Open the address",
  }),
  "frame-busting": ({ app }) => ({
    title: `“${app}” does not want to be shown in a frame`,
    text: [
      "It takes itself for framed by another site, and leads away from that. Here every app is shown in a frame of its own address, which it cannot tell apart.",
      "If it is yours, switch its check of `top !== self` off, and send `frame-ancestors 'self'` in its place.",
    ],
  }),
};
