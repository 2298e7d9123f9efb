// One end of a link by the W3C's own interface, for any stack that has it: in a browser's page
// (page.html) and in Node (node_peer.mjs). The commands are those of remote.py; pattern.py makes
// the same bytes.

const HIGH_WATER_BYTES = 4 * 1024 * 1024;
const POLL_MS = 4;
const PERIOD = 65_521;

export class Peer {
  #RTCPeerConnection;
  #connection = null;
  #channels = [];

  constructor(RTCPeerConnection) {
    this.#RTCPeerConnection = RTCPeerConnection;
  }

  /** One command; what it returns is JSON. */
  async run({ do: name, ...given }) {
    if (!COMMANDS.has(name)) throw new Error(`unknown command ${name}`);
    return (await this[name](given)) ?? null;
  }

  start() {
    this.end();
    this.#channels = [];
    this.#connection = new this.#RTCPeerConnection({ iceServers: [] });
    this.#connection.ondatachannel = ({ channel }) => this.#channels.push(new Channel(channel));
  }

  async offer() {
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    return this.#described();
  }

  async answer({ sdp }) {
    await this.#connection.setRemoteDescription({ type: "offer", sdp });
    await this.#connection.setLocalDescription(await this.#connection.createAnswer());
    return this.#described();
  }

  async accept({ sdp }) {
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
  }

  open({ label, ...terms }) {
    this.#channels.push(new Channel(this.#connection.createDataChannel(label, terms)));
    return this.#channels.length - 1;
  }

  /** Wait until a channel of this label is open. */
  async find({ label }) {
    const place = () => this.#channels.findIndex((c) => c.dc.label === label && c.state === "open");
    await until(() => place() >= 0);
    return { channel: place(), ...this.#channels[place()].terms() };
  }

  send({ channel, messages }) {
    return this.#channels[channel].send(messages);
  }

  /** Wait for so many messages, and hand over what each was. */
  async received({ channel, count }) {
    const { messages } = this.#channels[channel];
    await until(() => messages.length >= count);
    return Promise.all(
      messages.map(async (m) => [typeof m === "string" ? "text" : "binary", ...(await sum([m]))]),
    );
  }

  /** Wait for so many bytes, and hand over what they were together. */
  async digest({ channel, size }) {
    const { messages } = this.#channels[channel];
    await until(() => messages.reduce((n, m) => n + m.length, 0) >= size);
    return sum(messages);
  }

  async closed({ channel }) {
    await until(() => this.#channels[channel].state === "closed");
  }

  close({ channel }) {
    this.#channels[channel].dc.close();
  }

  end() {
    this.#connection?.close();
    this.#connection = null;
  }

  async #described() {
    await until(() => this.#connection.iceGatheringState === "complete");
    return this.#connection.localDescription.sdp;
  }
}

const COMMANDS = new Set([
  ...["start", "offer", "answer", "accept", "open", "find", "send", "received", "digest"],
  ...["closed", "close", "end"],
]);

class Channel {
  messages = [];

  constructor(dc) {
    this.dc = dc;
    dc.binaryType = "arraybuffer";
    dc.onmessage = ({ data }) => {
      this.messages.push(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    };
  }

  get state() {
    return this.dc.readyState;
  }

  terms() {
    const { id, protocol, ordered, maxRetransmits, maxPacketLifeTime, negotiated } = this.dc;
    return { id, protocol, ordered, maxRetransmits, maxPacketLifeTime, negotiated };
  }

  async send(messages) {
    for (const [kind, size, seed] of messages) {
      await until(() => this.dc.bufferedAmount < HIGH_WATER_BYTES);
      this.dc.send(kind === "text" ? text(size, seed) : binary(size, seed));
    }
  }
}

const TABLE = new Uint8Array(PERIOD);
let last = 1;
for (let i = 0; i < PERIOD; i += 1) {
  last = (Math.imul(last, 1103515245) + 12345) & 0x7fffffff;
  TABLE[i] = (last >> 16) & 0xff;
}

function binary(size, seed) {
  const message = new Uint8Array(size);
  for (let i = 0, at = seed % PERIOD; i < size; at = 0) {
    const part = TABLE.subarray(at, at + size - i);
    message.set(part, i);
    i += part.length;
  }
  // The stacks for Node take nothing but their own kind of bytes.
  return globalThis.Buffer ? Buffer.from(message.buffer) : message;
}

function text(size, seed) {
  return new TextDecoder().decode(binary(size, seed).map((byte) => 32 + (byte % 95)));
}

/** The length and the SHA-256 of messages in a row. */
async function sum(messages) {
  const parts = messages.map((m) => (typeof m === "string" ? new TextEncoder().encode(m) : m));
  const whole = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return [whole.length, Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("")];
}

/** Who asks has the deadline. */
async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
