// Rules of dependency-cruiser: nothing imports itself in a circle, and no realm reaches into another.
// Of the tools that find circles in TypeScript this one is released most often, and it knows layers.

// What a folder of src/ may import besides its own files. A file of another realm is named where it
// is pure, or runs in the same kind of page.
const ALLOWED = {
  wire: [],
  cookies: [],
  messages: ["wire/", "cookies/"],
  shell: ["messages/", "wire/", "cookies/"],
  start: ["messages/", "wire/", "shell/"],
  worker: ["messages/", "wire/", "cookies/", "sw/request-fields"],
  sw: ["messages/", "wire/", "cookies/"],
  "sw-later": ["messages/", "sw/"],
  inject: ["messages/", "cookies/"],
  "inject-worker": ["messages/", "inject/"],
  late: [
    "messages/",
    "cookies/",
    "shell/(address|answer-proof|base32|hints|pins|signalling|signalling-messages)\\.",
    "inject/(cookie-store-acts|event-source-(parser|reading)|octets(-of-headers)?|socket-(opening|traffic))\\.",
  ],
  sync: ["messages/"],
  closing: ["messages/", "inject/body\\."],
  guest: ["messages/"],
  "guest-worker": ["messages/", "sibling/pouring\\."],
  sibling: ["messages/", "inject/octets\\."],
  reset: ["messages/"],
};

module.exports = {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    ...Object.entries(ALLOWED).map(([realm, others]) => ({
      name: `${realm}-stays-in-its-realm`,
      severity: "error",
      from: { path: `^src/${realm}/` },
      to: { path: "^src/", pathNot: [`${realm}/`, ...others].map((path) => `^src/${path}`) },
    })),
    {
      name: "every-realm-is-listed",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: Object.keys(ALLOWED).map((realm) => `^src/${realm}/`) },
      to: {},
    },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: "tsconfig.base.json" } },
};
