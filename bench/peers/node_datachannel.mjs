// libdatachannel with usrsctp, sending: the same lines as `child.py send` (see there).
import nodeDataChannel from "node-datachannel";
import { createInterface } from "node:readline";

const MESSAGE_BYTES = 16_384;
const LOW_WATER_BYTES = 256 * 1024;
const HIGH_WATER_BYTES = 512 * 1024;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const emit = (value) => process.stdout.write(JSON.stringify(value) + "\n");
const nowS = () => Number(process.hrtime.bigint()) / 1e9;

async function received() {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return JSON.parse(value);
}

const peer = new nodeDataChannel.PeerConnection("sender", { iceServers: [] });
const gathered = new Promise((resolve) => {
  peer.onGatheringStateChange((state) => state === "complete" && resolve());
});
const channel = peer.createDataChannel("p2claw", { negotiated: true, id: 0, protocol: "p2claw/1" });
const opened = new Promise((resolve) => channel.onOpen(resolve));
peer.setLocalDescription("offer");
await gathered;
emit({ description: peer.localDescription().sdp });
peer.setRemoteDescription((await received()).description, "answer");
await opened;
emit({ open: true });

const { seconds } = await received();
const message = Buffer.alloc(MESSAGE_BYTES);
const began = nowS();
emit({ began });
function fill() {
  while (nowS() < began + seconds && channel.bufferedAmount() < HIGH_WATER_BYTES) {
    channel.sendMessageBinary(message);
  }
}
channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
channel.onBufferedAmountLow(fill);
fill();
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
emit({ stats: { rtt_ms: peer.rtt() }, samples: [] });
await lines.next();
process.exit(0);
