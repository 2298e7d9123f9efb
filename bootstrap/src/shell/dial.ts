// An attempt at a link without offer and answer, to a box that the internet can reach.
// Source: docs/WIRE.md §16.

import { verify } from "./answer-proof";
import { CHANNEL, type AttemptOwner, type Target } from "./attempt";
import { type Dialled, answerOf } from "./descriptor";
import { Signalling } from "./signalling";
import { pinOf, refusalOf } from "./trust";

// A box that has not let a dial in by now never will.
const DEADLINE_MS = 5_000;
// Half of the time for which a box lets itself be dialled.
const REFRESH_MS = 1_800_000;

export class Dial {
  private readonly peer = new RTCPeerConnection();
  private readonly deadline = setTimeout(() => this.fail(), DEADLINE_MS);
  private over = false;
  private isOpen = false;

  constructor(
    private readonly dialled: Dialled,
    private readonly target: Target,
    private readonly owner: AttemptOwner,
  ) {
    this.peer.onconnectionstatechange = () => this.watch();
    void this.begin().catch(() => this.fail());
  }

  /** A check of ours reached the box, which is there. */
  get isReached(): boolean {
    return this.peer.iceConnectionState === "connected";
  }

  /** The channel is open, and HELLO is on its way. */
  opened(): void {
    this.isOpen = true;
    clearTimeout(this.deadline);
    if (this.dialled.descriptor.expiresS * 1_000 - Date.now() < REFRESH_MS) this.refresh();
  }

  // With the reply comes a newer descriptor, for the next visit.
  private refresh(): void {
    const signalling = new Signalling(1, this.target.signallingUrl, {
      message: () => signalling.close(),
      failed: () => undefined,
    });
    signalling.begin(undefined);
  }

  /** End it, link and all. Nothing more is reported. */
  stop(): void {
    this.over = true;
    clearTimeout(this.deadline);
    this.peer.onconnectionstatechange = null;
    this.peer.close();
  }

  private async begin(): Promise<void> {
    const { peer, owner, target } = this;
    const { publicKey, signed, signature, peerId, descriptor } = this.dialled;
    const pin = pinOf(target.alias);
    // An offer is of channels only where there is one. Nobody opens this one.
    peer.createDataChannel("", { negotiated: true, id: 1 });
    const offering = peer.createOffer();
    owner.offered();
    const genuine = verify(publicKey, "dial", signed, signature);
    await peer.setLocalDescription(await offering);
    const refusal = await refusalOf(genuine, peerId, target, pin);
    if (this.over) return;
    if (refusal) {
      this.stop();
      owner.refused(refusal);
      return;
    }
    const sdp = answerOf(descriptor, peer.localDescription?.sdp ?? "");
    const applied = peer.setRemoteDescription({ type: "answer", sdp });
    try {
      // Given away in the same task, so that no message can arrive here.
      owner.transfer(peer.createDataChannel("p2claw", CHANNEL));
    } catch {
      owner.incapable();
      return;
    }
    await applied;
  }

  private watch(): void {
    const state = this.peer.connectionState;
    if (state !== "failed" && state !== "disconnected" && state !== "closed") return;
    if (this.isOpen) this.owner.doubtful();
    else if (state !== "disconnected") this.fail();
  }

  private fail(): void {
    if (this.over || this.isOpen) return;
    this.stop();
    this.owner.failed(false);
  }
}
