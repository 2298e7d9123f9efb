// One attempt at a link: offer, introduction, verified answer, candidates both ways, an open channel.

import { isSignedByPeer } from "./answer-proof";
import { knownIceServers, seenFrom } from "./hints";
import { BadDescription, withoutOtherFingerprints } from "./session-description";
import { Signalling } from "./signalling";
import type { FromCoordinator, ToCoordinator } from "./signalling-messages";
import { type Refusal, pinOf, refusalOf } from "./trust";

// docs/WIRE.md §1
export const CHANNEL: RTCDataChannelInit = {
  negotiated: true,
  id: 0,
  ordered: true,
  protocol: "p2claw/1",
};

// A path that works at all opens within this, relays over TCP included.
const DEADLINE_MS = 15_000;

export interface AttemptOwner {
  introduced(): void;
  answered(): void;
  /** A check has found a way to the box: the link is open soon, unless something is odd. */
  reached(): void;
  /** Candidates of a relay are at hand. */
  relayAtHand(): void;
  refused(refusal: Refusal): void;
  /** reached: the coordinator was, and the box may be there. */
  failed(reached: boolean): void;
  /** Nothing comes on an open link's path, as the browser sees it. */
  doubtful(): void;
  /** The browser cannot give a data channel to a worker. */
  incapable(): void;
  /** The offer, or the question for ICE servers, is on its way. */
  offered(): void;
  /** Give the channel to the worker, which uses it once `trusted`. Throws where that cannot be. */
  transfer(channel: RTCDataChannel, held?: boolean): void;
  /** The box is the one that is wanted: a channel that was held may be used. */
  trusted(): void;
}

export interface Target {
  signallingUrl: URL;
  alias: string;
  linkKey: string | undefined;
  /** Where in the box a session is that the link may carry on. */
  place?: number | undefined;
}

type Introduction = Extract<FromCoordinator, { t: "introduced" }>;

export class Attempt {
  private readonly signalling: Signalling;
  private readonly deadline: ReturnType<typeof setTimeout>;
  private readonly peer = new RTCPeerConnection();
  private introduction: Introduction | undefined;
  private introduce!: (introduction: Introduction) => void;
  private readonly introduced = new Promise<Introduction>((resolve) => {
    this.introduce = resolve;
  });
  private offerSdp = "";
  private candidates: RTCIceCandidateInit[] | undefined = []; // until the answer is applied
  private readonly pin: Promise<unknown>;
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
    // An offer is of channels only where there is one. Nobody opens this one.
    peer.createDataChannel("", { negotiated: true, id: 1 });
    peer.onicecandidate = ({ candidate }) => this.trickle(candidate);
    peer.onconnectionstatechange = () => this.watch(peer.connectionState);
    peer.oniceconnectionstatechange = () => hasPath(peer) && owner.reached();
    void this.begin(peer.createOffer()).catch(() => this.fail());
  }

  /** The channel is open, and HELLO is on its way. */
  opened(): void {
    this.isOpen = true;
    clearTimeout(this.deadline);
    this.signalling.close();
  }

  /** End it, link and all. Nothing more is reported. */
  stop(): void {
    this.over = true;
    clearTimeout(this.deadline);
    this.signalling.close();
    this.peer.onconnectionstatechange = this.peer.onicecandidate = null;
    this.peer.close();
  }

  // Where the ICE servers are known, the offer goes before anybody has introduced us.
  private async begin(offering: Promise<RTCSessionDescriptionInit>): Promise<void> {
    const servers = await knownIceServers();
    if (this.over) return;
    if (servers) {
      const offer = await this.describe(await offering, servers);
      if (this.over) return;
      this.signalling.begin(offer);
      this.open();
      return;
    }
    this.signalling.begin(undefined);
    this.open();
    const { iceServers } = await this.introduced;
    const offer = await this.describe(await offering, iceServers);
    if (!this.over) this.signalling.send(offer);
  }

  // Once the offer is on its way: the worker's script would occupy the connection that is open.
  private open(): void {
    try {
      // Given away in the same task, so that no message can arrive here.
      this.owner.transfer(this.peer.createDataChannel("p2claw", CHANNEL));
    } catch {
      this.owner.incapable();
    }
    this.owner.offered();
  }

  private async receive(message: FromCoordinator): Promise<void> {
    if (this.over) return;
    switch (message.t) {
      case "introduced":
        // A second one: the box of the first is silent, and another of its team has the offer.
        if (!this.introduction) this.owner.introduced();
        this.introduction = message;
        this.introduce(message);
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

  // Nothing is gathered before it.
  private async describe(
    offer: RTCSessionDescriptionInit,
    iceServers: RTCIceServer[],
  ): Promise<ToCoordinator> {
    const { peer } = this;
    peer.setConfiguration({ iceServers });
    await peer.setLocalDescription(offer);
    this.offerSdp = peer.localDescription?.sdp ?? "";
    const { place } = this.target;
    return { t: "offer", sdp: this.offerSdp, ...(place !== undefined && { place }) };
  }

  private async answer(sdp: string, signature: Uint8Array<ArrayBuffer>): Promise<void> {
    const { introduction, peer } = this;
    if (!introduction || !this.offerSdp || peer.signalingState !== "have-local-offer") return;
    const { peerId, session, statements } = introduction;
    const signed = { peerId, session, offerSdp: this.offerSdp, answerSdp: sdp, signature };
    const genuine = isSignedByPeer(signed).catch((error: unknown) => {
      if (error instanceof BadDescription) return false;
      throw error;
    });
    const refusal = await refusalOf(genuine, peerId, this.target, this.pin, statements);
    if (this.over) return;
    if (refusal) {
      this.refuse(refusal);
      return;
    }
    await peer.setRemoteDescription({ type: "answer", sdp: withoutOtherFingerprints(sdp) });
    if (this.over) return;
    this.owner.answered();
    // Of several boxes it is to be this one, as long as it is there.
    this.target.signallingUrl.searchParams.set("box", peerId);
    const candidates = this.candidates ?? [];
    this.candidates = undefined;
    for (const candidate of candidates) add(peer, candidate);
  }

  private candidate(candidate: string, sdpMid: string): void {
    // "" ends them. No browser needs that, and one rejects it.
    if (!candidate) return;
    if (this.candidates) this.candidates.push({ candidate, sdpMid });
    else add(this.peer, { candidate, sdpMid });
  }

  private trickle(candidate: RTCIceCandidate | null): void {
    if (candidate?.type === "relay") this.owner.relayAtHand();
    if (candidate?.type === "srflx") seenFrom(candidate.address ?? "");
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

/** A check of ours reached the box, which is there. */
export function hasPath({ iceConnectionState }: RTCPeerConnection): boolean {
  return iceConnectionState === "connected";
}

// A candidate that cannot be used is one path less, no more.
function add(peer: RTCPeerConnection, candidate: RTCIceCandidateInit): void {
  void peer.addIceCandidate(candidate).catch(() => undefined);
}
