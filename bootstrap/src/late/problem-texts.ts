// What a visitor reads in place of an app, a page for each code: what happened, and what to do. Pure.

import type { Names, ProblemCode, ProblemText } from "../messages/problems";

type Text = (names: Names) => ProblemText;

/** The page for a code, without the facts that only the caller knows. */
export function problemText(code: ProblemCode, names: Names, hasRelay = true): ProblemText {
  return (code === "no-path" && !hasRelay ? RELAY_BUDGET : TEXTS[code])(names);
}

const RELAY_BUDGET: Text = ({ alias }) => ({
  title: `“${alias}” cannot be reached from this network now`,
  text: [
    `Your network and the one of “${alias}” let nothing through to each other directly. A relay would help, but all that may go through relays for this box is used up (relay-budget).`,
    "Another network may work: mobile data instead of Wi-Fi, or without a VPN. Or come again tomorrow or next month, or when whoever runs the service has raised the budget.",
  ],
});

const LOST: Text = () => ({
  title: "The link to the box was lost",
  text: ["The page goes on loading as soon as the link is back."],
});

const REFUSED: Text = () => ({
  title: "The box refused this request",
  text: [
    "The address of this page, or what the browser sent with it, is malformed or too long. Go back, or shorten the address.",
  ],
});

const TEXTS: Record<ProblemCode, Text> = {
  "address-invalid": ({ host }) => ({
    title: "This is not the address of an app",
    text: [
      `An address looks like dog-purplecrab: an app, a hyphen, a box. “${host}” is not one. Check it for a typing error.`,
    ],
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
      "The box is online, but it does not share an app with this name.",
      `If the box is yours, run \`p2claw expose ${app} PORT\` on it; this page notices by itself.`,
    ],
  }),
  "rate-limited": () => ({
    title: "Too many visits at once",
    text: [
      "Your network has opened many links in a short time. This page tries again in a moment.",
    ],
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
    title: "The introduction service is restarting",
    text: ["It introduces visitors to boxes. This page tries again in a moment."],
  }),
  version: () => ({
    title: "This page is out of date",
    text: ["The box speaks a newer version than this page. Reload the page."],
  }),
  protocol: () => ({
    title: "Something went wrong",
    text: [
      "The introduction service sent a message that this page does not understand. Try again; if it stays so, tell whoever runs the service.",
    ],
  }),
  unreachable: () => ({
    title: "The introduction service cannot be reached",
    text: [
      "Your browser is offline, a firewall blocks WebSockets, or the service is down.",
      "See whether other sites open, or try another network. This page tries again by itself.",
    ],
  }),
  "no-path": ({ alias }) => ({
    title: "No path to the box was found",
    text: [
      `“${alias}” is online, but your network and its network let nothing through to each other. The reason is often a strict firewall or a VPN.`,
      "Another network usually works, a phone's for example. This page keeps trying.",
    ],
  }),
  offline: LOST,
  "wrong-key": ({ alias }) => ({
    title: "This may not be the right box",
    text: [
      `Whoever answered as “${alias}” could not prove to be that box. Nothing was sent or shown.`,
      "Somebody may be trying to intercept your visit. Do not go on unless whoever runs the box has told you, by another way, why its key changed.",
    ],
  }),
  "no-webrtc": () => ({
    title: "This browser lacks WebRTC",
    text: [
      "The app comes straight from a box to your browser, over a WebRTC data channel. This browser has no data channels, or a setting or an extension has switched them off.",
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
    text: [
      "Without encryption browsers allow neither service workers nor keys, and the app needs both. Open the address with https:// in front.",
    ],
  }),
  "old-browser": () => ({
    title: "This browser is too old",
    text: [
      "It cannot check the signature of the box, or cannot give a data channel to a worker.",
      "A current Chrome, Edge, Firefox or Safari can do both.",
    ],
  }),
  "app-down": ({ app, alias }) => ({
    title: `“${app}” is not running`,
    text: [
      `The link to “${alias}” works, but nothing answers where the app should be.`,
      "If the app is yours, start it; this page notices by itself.",
    ],
  }),
  "app-broken": ({ app }) => ({
    title: `“${app}” does not speak HTTP`,
    text: [
      "Something answers where the app should be, but it does not answer as a web server does.",
      `If the app is yours, check the port that \`p2claw expose ${app}\` was given.`,
    ],
  }),
  "app-empty": ({ app }) => ({
    title: `“${app}” has no page here`,
    text: ["The app itself says so: the link works. Check the address, or go back."],
  }),
  "app-head-too-large": ({ app }) => ({
    title: `“${app}” says too much`,
    text: [
      "The header fields of its response (cookies, policies, links) are together larger than a link carries.",
    ],
  }),
  "app-certificate": ({ app }) => ({
    title: `“${app}” has changed its certificate`,
    text: [
      "The box refuses it until its owner has confirmed the new one.",
      `If the app is yours and the certificate was renewed on purpose, run \`p2claw expose ${app}\` with its address again.`,
    ],
  }),
  "app-timeout": ({ app }) => ({
    title: `“${app}” takes too long`,
    text: ["The app is there, but it did not answer in time. Try again later."],
  }),
  "relay-limit": ({ app, alias }) => ({
    title: `“${app}” has sent all that it may through a relay`,
    text: [
      `Your network lets nothing through to “${alias}” directly, so everything goes through a relay. The owner of the box limits how much that may be, for each visit or each day.`,
      "From another network the app may open directly: mobile data instead of Wi-Fi, or without a VPN. Or come again later.",
    ],
  }),
  "bad-request": REFUSED,
  "body-too-large": () => ({
    title: "That is too large for the box",
    text: ["The box does not accept so much data in one request."],
  }),
  "head-too-large": REFUSED,
  "upload-too-large": () => ({
    title: "That is too large for this browser",
    text: [
      "This browser hands a form over in one piece, and only up to 32 MB.",
      "Another browser may do better.",
    ],
  }),
  coding: () => ({
    title: "The app's response cannot be read",
    text: ["It is compressed in a way that this browser did not ask for and does not know."],
  }),
  "part-missing": () => ({
    title: "A part of this page could not be loaded",
    text: [
      "The app has answered, but what your browser needs to show this page could not be fetched from the service that introduced you to the box.",
      "This page tries again by itself.",
    ],
  }),
  lost: LOST,
  reset: LOST,
  download: ({ alias }) => ({
    title: "Your download has started",
    text: [`The file comes straight from “${alias}”. Keep this page open until it is complete.`],
    well: true,
  }),
  "no-content": ({ app }) => ({
    title: `“${app}” has nothing to show here`,
    text: ["The app has answered, and says that there is no page at this address. Go back."],
    well: true,
  }),
  resend: () => ({
    title: "Send the form again?",
    text: [
      "This page is the response to a form. To see it again, the form must be sent once more, and what it did may be done twice.",
      "If you do not want that, go back.",
    ],
    well: true,
    act: "Send again",
  }),
  "form-gone": () => ({
    title: "This page was the response to a form",
    text: [
      "What you entered is no longer kept, so the form cannot be sent again. Go back and fill it in once more, or open the address without it.",
    ],
    well: true,
    act: "Open the address",
  }),
  "frame-busting": ({ app }) => ({
    title: `“${app}” does not want to be shown in a frame`,
    text: [
      "The app checks whether another site shows it in a frame, and then leaves. Here every app is shown in a frame of its own address, and its check cannot tell the difference.",
      "If the app is yours, remove its check of `top !== self`, and send the policy `frame-ancestors 'self'` instead.",
    ],
  }),
};
