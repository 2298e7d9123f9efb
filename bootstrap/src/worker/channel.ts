// The data channel of a link: messages in, and out as long as the browser buffers little of them.

// Of what the browser buffers for the channel: low enough that a click is not queued behind a
// megabyte of upload, high enough to keep the path full between two events.
const HIGH_WATER_BYTES = 524_288;
const LOW_WATER_BYTES = 262_144;

/** Stands between a channel and the browser's, once it is here. */
export interface Between {
  send(message: Uint8Array<ArrayBuffer>): void;
  /** Whether a message was for it, and is for nobody else. */
  read(data: unknown): boolean;
}

export interface ChannelOwner {
  receive(data: unknown): void;
  /** There is room again. */
  flush(): void;
  /** Nothing goes over it any more. */
  cut(reason: string): void;
}

export class Channel {
  between: Between | undefined;
  mostBytes = HIGH_WATER_BYTES; // that the browser buffers before it is given no more

  constructor(
    readonly channel: RTCDataChannel,
    owner: ChannelOwner,
  ) {
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onmessage = ({ data }: MessageEvent<unknown>) =>
      this.between?.read(data) || owner.receive(data);
    channel.onbufferedamountlow = () => owner.flush();
    channel.onclose = () => owner.cut("the channel closed");
    channel.onerror = () => owner.cut("the channel failed");
  }

  /** next: the next message; room: it may be more than an acknowledgement. Whether any was sent. */
  write(next: (room: boolean) => Uint8Array | undefined): boolean {
    const { channel } = this;
    if (channel.readyState !== "open") return false;
    let wrote = false;
    for (;;) {
      const message = next(channel.bufferedAmount < this.mostBytes);
      if (!message) return wrote;
      (this.between ?? channel).send(message as Uint8Array<ArrayBuffer>);
      wrote = true;
    }
  }

  /** Its owner gets nothing more of it. */
  detach(): RTCDataChannel {
    const { channel } = this;
    channel.onclose = channel.onerror = channel.onmessage = channel.onbufferedamountlow = null;
    return channel;
  }
}
