// One attempt at a link: introduction, offer, verified answer, candidates both ways, an open channel.

import { isSignedByPeer } from "./answer-proof";
import { BadDescription, withoutOtherFingerprints } from "./session-description";
import { Signalling } from "./signalling";
import type { FromCoordinator } from "./signalling-messages";
import { type Trust, judge, pinOf } from "./trust";

// docs/WIRE.md §1
const CHANNEL: RTCDataChannelInit = {
  negotiated: true,
  id: 0,
  ordered: true,
  protocol: "p2claw/1",
};

// A path that answers at all answers within this, relays over TCP included.
const DEADLINE_MS = 15_000;

export type Refusal =
  /** What the coordinator said. */
  | { kind: "coordinator"; code: string; retryS: number | undefined }
  | { kind: "wrong-key"; found: string; trust: Extract<Trust, { kind: "wrong" }> }
  /** The signature over the answer is not by the box's key. */
  | { kind: "forged"; found: string };

export interface AttemptOwner {
  introduced(): void;
  answered(): void;
  /** Candidates of a relay are at hand. */
  relayAtHand(): void;
  refused(refusal: Refusal): void;
  /** reached: the coordinator was, and the box may be there. */
  failed(reached: boolean): void;
  /** Nothing comes on an open link's path, as the browser sees it. */
  doubtful(): void;
  transfer(channel: RTCDataChannel): void;
}

export interface Target {
  signallingUrl: string;
  alias: string;
  linkKey: string | undefined;
  /** Where in the box a session is that the link may carry on. */
  place?: number | undefined;
}

type Introduction = Extract<FromCoordinator, { t: "introduced" }>;

export class Attempt {
  private readonly signalling: Signalling;
  private readonly deadline: ReturnType<typeof setTimeout>;
  // Made before the coordinator has answered: the browser takes its time over the first.
  private readonly peer = new RTCPeerConnection();
  private readonly offering: Promise<RTCSessionDescriptionInit>;
  private introduction: Introduction | undefined;
  private offerSdp = "";
  private candidates: RTCIceCandidateInit[] | undefined = []; // until the answer is applied
  private readonly pin: Promise<string | undefined>;
  private over = false;
  private isOpen = false;

  constructor(
    private readonly target: Target,
    private readonly owner: AttemptOwner,
  ) {
    this.signalling = new Signalling(target.signallingUrl, {
      message: (message) => void this.receive(message).catch(() => this.fail()),
      failed: () => this.unsignalled(),
    });
    this.deadline = setTimeout(() => this.fail(), DEADLINE_MS);
    this.pin = pinOf(target.alias);
    const { peer } = this;
    // Given away in the same task, so that no message can arrive here.
    owner.transfer(peer.createDataChannel("p2claw", CHANNEL));
    peer.onicecandidate = ({ candidate }) => this.trickle(candidate);
    peer.onconnectionstatechange = () => this.watch(peer.connectionState);
    this.offering = peer.createOffer();
    this.offering.catch(() => this.fail());
  }

  /** The channel is open, and HELLO is on its way. */
  opened(): void {
    this.isOpen = true;
    clearTimeout(this.deadline);
    this.signalling.close();
  }

  /** End it, link and all. Nothing more is told. */
  stop(): void {
    this.over = true;
    clearTimeout(this.deadline);
    this.signalling.close();
    this.peer.onconnectionstatechange = this.peer.onicecandidate = null;
    this.peer.close();
  }

  private async receive(message: FromCoordinator): Promise<void> {
    if (this.over) return;
    switch (message.t) {
      case "introduced":
        if (!this.introduction) await this.offer(message);
        return;
      case "answer":
        await this.answer(message.sdp, message.signature);
        return;
      case "candidate":
        this.candidate(message.candidate, message.mid);
        return;
      case "error":
        this.refuse({ kind: "coordinator", code: message.code, retryS: message.retryS });
        return;
      case "apps":
        return;
      default:
        message satisfies never;
    }
  }

  private async offer(introduction: Introduction): Promise<void> {
    this.introduction = introduction;
    this.owner.introduced();
    const { peer } = this;
    // Nothing is gathered before.
    peer.setConfiguration({ iceServers: introduction.iceServers });
    await peer.setLocalDescription(await this.offering);
    if (this.over) return;
    this.offerSdp = peer.localDescription?.sdp ?? "";
    const { place } = this.target;
    this.signalling.send({ t: "offer", sdp: this.offerSdp, ...(place !== undefined && { place }) });
  }

  private async answer(sdp: string, signature: Uint8Array<ArrayBuffer>): Promise<void> {
    const { introduction, peer } = this;
    if (!introduction || !this.offerSdp || peer.signalingState !== "have-local-offer") return;
    const { peerId, session } = introduction;
    const signed = { peerId, session, offerSdp: this.offerSdp, answerSdp: sdp, signature };
    const genuine = await isSignedByPeer(signed).catch((error: unknown) => {
      if (error instanceof BadDescription) return false;
      throw error;
    });
    if (this.over) return;
    if (!genuine) {
      this.refuse({ kind: "forged", found: peerId });
      return;
    }
    const trust = await judge(this.target.alias, peerId, this.target.linkKey, this.pin);
    if (this.over) return;
    if (trust.kind === "wrong") {
      this.refuse({ kind: "wrong-key", found: peerId, trust });
      return;
    }
    await peer.setRemoteDescription({ type: "answer", sdp: withoutOtherFingerprints(sdp) });
    if (this.over) return;
    this.owner.answered();
    const candidates = this.candidates ?? [];
    this.candidates = undefined;
    for (const candidate of candidates) add(peer, candidate);
  }

  private candidate(candidate: string, sdpMid: string): void {
    // "" ends them; the browser needs no such word, and one of them dislikes it.
    if (!candidate) return;
    if (this.candidates) this.candidates.push({ candidate, sdpMid });
    else add(this.peer, { candidate, sdpMid });
  }

  private trickle(candidate: RTCIceCandidate | null): void {
    if (candidate?.type === "relay") this.owner.relayAtHand();
    this.signalling.send({
      t: "candidate",
      candidate: candidate?.candidate ?? "",
      mid: candidate?.sdpMid ?? "0",
    });
  }

  private watch(state: RTCPeerConnectionState): void {
    if (state !== "failed" && state !== "disconnected" && state !== "closed") return;
    if (this.isOpen) this.owner.doubtful();
    else if (state !== "disconnected") this.fail();
  }

  // The coordinator may go once the answer is here: the box has our candidates, or finds our
  // address by our checks.
  private unsignalled(): void {
    if (!this.peer.remoteDescription) this.fail();
  }

  private refuse(refusal: Refusal): void {
    if (this.over || this.isOpen) return;
    this.stop();
    this.owner.refused(refusal);
  }

  private fail(): void {
    if (this.over) return;
    this.stop();
    this.owner.failed(this.introduction !== undefined);
  }
}

// A candidate that cannot be used is one path less, no more.
function add(peer: RTCPeerConnection, candidate: RTCIceCandidateInit): void {
  void peer.addIceCandidate(candidate).catch(() => undefined);
}
