// An attempt at a link without offer and answer, to a box that the internet can reach.
// Source: docs/WIRE.md §16.

import { verify } from "./answer-proof";
import { CHANNEL, type AttemptOwner, type Target, hasPath } from "./attempt";
import { type Descriptor, type Dialled, answerOf } from "./descriptor";
import { avoid } from "./hints";
import { Signalling, turns } from "./signalling";
import { type Refusal, pinOf, refusalOf } from "./trust";

// A box that has not let a dial in by now never will.
const DEADLINE_MS = 5_000;
// Half of the time for which a box lets itself be dialled.
const REFRESH_MS = 1_800_000;

export class Dial {
  private readonly peer = new RTCPeerConnection();
  private readonly deadline = setTimeout(() => this.fail(), DEADLINE_MS);
  private over = false;
  private isOpen = false;
  private isTrusted = false;

  constructor(
    private readonly dialled: Dialled,
    private readonly target: Target,
    private readonly owner: AttemptOwner,
  ) {
    turns.next = 1; // the page's own connection is old by the time that one is needed
    this.peer.onconnectionstatechange = () => this.watch();
    this.peer.oniceconnectionstatechange = () => this.reach();
    void this.begin().catch(() => this.fail());
  }

  /** A check of ours reached the box, which is there. */
  get isReached(): boolean {
    return hasPath(this.peer);
  }

  /** The channel is open, and HELLO is on its way. */
  opened(): void {
    this.isOpen = true;
    clearTimeout(this.deadline);
    if (this.dialled.descriptor.expiresS * 1_000 - Date.now() < REFRESH_MS) this.refresh();
  }

  // With the reply comes a newer descriptor, for the next visit.
  private refresh(): void {
    const signalling = new Signalling(this.target.signallingUrl, {
      message: () => signalling.close(),
      failed: () => undefined,
    });
    signalling.begin(undefined);
  }

  /** The box is there, and was reached otherwise. */
  overtaken(): void {
    if (!this.isReached) avoid(this.dialled);
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
    // The pin is long in coming, above all on a first visit, which makes its database. A way to the
    // box is found meanwhile; the worker sends nothing on it yet.
    const refusal = refusalOf(genuine, peerId, target, pin);
    if ((await genuine) && !this.over) this.connect(descriptor);
    this.judge(await refusal);
  }

  private connect(descriptor: Descriptor): void {
    const { peer, owner } = this;
    const sdp = answerOf(descriptor, peer.localDescription?.sdp ?? "");
    peer.setRemoteDescription({ type: "answer", sdp }).catch(() => this.fail());
    try {
      // Given away in the same task, so that no message can arrive here.
      owner.transfer(peer.createDataChannel("p2claw", CHANNEL), true);
    } catch {
      owner.incapable();
    }
  }

  private judge(refusal: Refusal | undefined): void {
    if (this.over) return;
    if (refusal) {
      this.stop();
      // A key that follows the one that is wanted: what proves it comes with an introduction.
      if ("trust" in refusal) this.owner.failed(false);
      else this.owner.refused(refusal);
      return;
    }
    this.isTrusted = true;
    this.owner.trusted();
    this.reach();
  }

  private reach(): void {
    if (this.isTrusted && this.isReached) this.owner.reached();
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
