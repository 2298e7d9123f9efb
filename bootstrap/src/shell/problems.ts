// Every page that a visitor may read in place of an app: what happened, what to do, and whether
// trying again by itself helps. Pure; how it is drawn is `screen`'s.

export interface Names {
  /** "dog", or "" where the host names a box alone. */
  app: string;
  /** "purplecrab" */
  alias: string;
  /** "dog-purplecrab.example.com" */
  host: string;
}

export interface Problem {
  title: string;
  /** What happened, and what to do. */
  text: string[];
  /** Facts for the curious, or to pass on to whoever runs the box. */
  facts?: [label: string, value: string][];
  /** Nothing is wrong: the page only says why no app is seen. */
  well?: true;
  /** again: the page tries by itself, and has a button. ask: a button only. never: neither. */
  retry: "again" | "ask" | "never";
  /** What the button says. */
  act?: string;
}

export const PROBLEM_CODES = [
  "address-invalid",
  "alias-unknown",
  "box-offline",
  "app-unknown",
  "rate-limited",
  "box-busy",
  "box-silent",
  "going-down",
  "version",
  "protocol",
  "unreachable",
  "no-path",
  "offline",
  "wrong-key",
  "no-webrtc",
  "no-service-worker",
  "bypassed",
  "insecure",
  "old-browser",
  "app-down",
  "app-broken",
  "app-head-too-large",
  "app-certificate",
  "app-timeout",
  "bad-request",
  "body-too-large",
  "head-too-large",
  "upload-too-large",
  "coding",
  "lost",
  "reset",
  "download",
  "resend",
  "form-gone",
  "frame-busting",
] as const;

export type ProblemCode = (typeof PROBLEM_CODES)[number];

export function isProblemCode(code: string): code is ProblemCode {
  return (PROBLEM_CODES as readonly string[]).includes(code);
}

/** The page for a code, without the facts that only the caller knows. */
export function problemOf(code: ProblemCode, { app, alias, host }: Names): Problem {
  switch (code) {
    case "address-invalid":
      return {
        title: "This is not the address of an app",
        text: [
          `An address looks like dog-purplecrab: an app, a hyphen, a box. “${host}” does not.`,
        ],
        retry: "never",
      };
    case "alias-unknown":
      return {
        title: `There is no box called “${alias}”`,
        text: ["No box has ever had this name. Check the address for a typing error."],
        retry: "never",
      };
    case "box-offline":
      return {
        title: `“${alias}” is asleep`,
        text: [
          "The computer that runs this app is switched off, or not connected to the internet.",
          "Leave this page open: the app appears as soon as the box is back.",
        ],
        retry: "again",
      };
    case "app-unknown":
      return {
        title: `“${alias}” has no app called “${app}”`,
        text: [
          `The box is online, but it does not share an app of this name.`,
          `If it is yours, run \`p2claw expose ${app} PORT\` on it; this page notices by itself.`,
        ],
        retry: "again",
      };
    case "rate-limited":
      return {
        title: "Too many visits at once",
        text: [
          "Your network has opened many links in a short time. This page goes on in a moment.",
        ],
        retry: "again",
      };
    case "box-busy":
      return {
        title: `“${alias}” is busy`,
        text: ["It serves as many visitors as it allows. This page tries again by itself."],
        retry: "again",
      };
    case "box-silent":
      return {
        title: `“${alias}” does not answer`,
        text: [
          "The box is registered, but did not answer in time. It may be waking up, or losing its network.",
          "This page tries again by itself.",
        ],
        retry: "again",
      };
    case "going-down":
      return {
        title: "The introduction service restarts",
        text: ["It introduces visitors to boxes. This page goes on in a moment."],
        retry: "again",
      };
    case "version":
      return {
        title: "This page is out of date",
        text: ["A newer version is needed to speak to this box. Reload the page."],
        retry: "ask",
      };
    case "protocol":
      return {
        title: "Something that should not happen",
        text: ["The introduction service sent what this page does not understand."],
        retry: "ask",
      };
    case "unreachable":
      return {
        title: "The introduction service cannot be reached",
        text: [
          "Your browser is offline, or a firewall blocks WebSockets.",
          "This page tries again by itself.",
        ],
        retry: "again",
      };
    case "no-path":
      return {
        title: "No path to the box was found",
        text: [
          `“${alias}” is online, but your two networks let nothing through to each other. A strict firewall or VPN often is the reason.`,
          "Another network, a phone's for example, usually works. This page goes on trying.",
        ],
        retry: "again",
      };
    case "offline":
    case "lost":
    case "reset":
      return {
        title: "The link to the box was lost",
        text: ["The page goes on loading as soon as the link is back."],
        retry: "again",
      };
    case "wrong-key":
      return {
        title: "This may not be the right box",
        text: [
          `Whoever answered as “${alias}” could not prove to be it. Nothing was sent or shown.`,
          "Somebody may be trying to intercept your visit. Do not go on unless whoever runs the box has told you, by another way, why its key changed.",
        ],
        retry: "ask",
      };
    case "no-webrtc":
      return {
        title: "This browser lacks WebRTC",
        text: [
          "The app comes straight from a box to your browser, over a WebRTC data channel. This browser has none that can be used, or it is switched off by a setting or an extension.",
          "A current Chrome, Edge, Firefox or Safari works.",
        ],
        retry: "never",
      };
    case "no-service-worker":
      return {
        title: "Service workers are not available",
        text: [
          "The app's pages are delivered by a service worker. This browser has none, or does not allow it in a private window or with its site data blocked.",
          "Try an ordinary window, or allow this site to keep data.",
        ],
        retry: "never",
      };
    case "bypassed":
      return {
        title: "The service worker is bypassed",
        text: [
          "The app's pages are delivered by a service worker, and this browser has been told to go past it: by “Bypass for network” in the developer tools, or by an extension.",
          "Untick that under Application → Service workers, or close the developer tools, and reload.",
        ],
        retry: "ask",
      };
    case "insecure":
      return {
        title: "This address needs https",
        text: ["Browsers give an unencrypted page neither service workers nor keys."],
        retry: "never",
      };
    case "old-browser":
      return {
        title: "This browser is too old",
        text: [
          "It cannot check the box's signature, or hand a data channel to a worker.",
          "A current Chrome, Edge, Firefox or Safari can.",
        ],
        retry: "never",
      };
    case "app-down":
      return {
        title: `“${app}” is not running`,
        text: [
          `The link to “${alias}” works, but nothing answers where the app should be.`,
          "If it is yours, start it; this page notices by itself.",
        ],
        retry: "again",
      };
    case "app-broken":
      return {
        title: `“${app}” does not speak HTTP`,
        text: [`Something answers where the app should be, but not as a web server does.`],
        retry: "ask",
      };
    case "app-certificate":
      return {
        title: `“${app}” has changed its certificate`,
        text: [
          "The box refuses it until its owner has confirmed the new one.",
          `If it is yours and was renewed on purpose, run \`p2claw expose ${app}\` with its address again.`,
        ],
        retry: "ask",
      };
    case "app-head-too-large":
      return {
        title: `“${app}” says too much`,
        text: [
          "The fields of its answer (cookies, policies, links) are larger than may cross a link.",
        ],
        retry: "ask",
      };
    case "app-timeout":
      return {
        title: `“${app}” takes too long`,
        text: ["The app is there, but did not answer in time."],
        retry: "ask",
      };
    case "bad-request":
    case "head-too-large":
      return {
        title: "The box refused this request",
        text: ["Its address or its fields are malformed or too long."],
        retry: "never",
      };
    case "body-too-large":
      return {
        title: "That is too large for the box",
        text: ["The box does not take so much in one request."],
        retry: "never",
      };
    case "upload-too-large":
      return {
        title: "That is too large for this browser",
        text: [
          "This browser hands a form over in one piece, which only works up to 32 MB.",
          "Another browser may do better.",
        ],
        retry: "never",
      };
    case "coding":
      return {
        title: "The app's answer cannot be read",
        text: ["It is compressed in a way that was not asked for."],
        retry: "ask",
      };
    case "download":
      return {
        title: "Your download has started",
        text: [
          `The file comes straight from “${alias}”. Keep this page open until it is complete.`,
        ],
        well: true,
        retry: "never",
      };
    case "resend":
      return {
        title: "Send the form again?",
        text: [
          "This page is the answer to a form. To see it, the form must be sent again, and what it did may be done twice.",
          "To leave it as it is, go back.",
        ],
        well: true,
        retry: "ask",
        act: "Send again",
      };
    case "form-gone":
      return {
        title: "This page came of a form",
        text: [
          "What was sent is not kept. Go back to fill the form in again, or open its address.",
        ],
        well: true,
        retry: "ask",
        act: "Open the address",
      };
    case "frame-busting":
      return {
        title: `“${app}” does not want to be shown in a frame`,
        text: [
          "It takes itself for framed by another site, and leads away from that. Here every app is shown in a frame of its own address, which it cannot tell apart.",
          "If it is yours, switch its check of `top !== self` off, and send `frame-ancestors 'self'` in its place.",
        ],
        retry: "never",
      };
    default:
      return code satisfies never;
  }
}
