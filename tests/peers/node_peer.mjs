// A peer in Node: `node node_peer.mjs werift|node-datachannel`, one JSON command a line on standard
// input, one JSON reply per line on standard output. remote.py is the other side.

import { createInterface } from "node:readline";
import { Peer } from "./peer.mjs";

const STACKS = {
  werift: () => import("werift"),
  "node-datachannel": () => import("node-datachannel/polyfill"),
};

const { RTCPeerConnection } = await STACKS[process.argv[2]]();
const peer = new Peer(RTCPeerConnection);

const lines = createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  const { number, ...command } = JSON.parse(line);
  let reply;
  try {
    reply = { ok: await peer.run(command) };
  } catch (error) {
    reply = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify({ number, ...reply })}\n`);
});
lines.on("close", () => process.exit(0));
