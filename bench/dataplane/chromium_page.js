// The receiving end of a bare channel, in a page: chromium.py beside it calls what is below.

globalThis.receiver = {
  /** Answers with every candidate. `opened` is fulfilled once the negotiated channel is open. */
  async answer(offer, label, protocol, id) {
    const peer = new RTCPeerConnection();
    this.peer = peer;
    this.channel = peer.createDataChannel(label, { negotiated: true, id, protocol });
    this.channel.binaryType = "arraybuffer";
    this.opened = new Promise((resolve) => {
      this.channel.onopen = () => resolve(true);
    });
    await peer.setRemoteDescription({ type: "offer", sdp: offer });
    await peer.setLocalDescription();
    while (peer.iceGatheringState !== "complete") {
      await new Promise((resolve) => {
        peer.onicegatheringstatechange = resolve;
      });
    }
    return peer.localDescription.sdp;
  },

  /** Begins to count; `done` gives the rate of what follows the first message, from there on. */
  count(totalBytes) {
    let leftBytes = totalBytes;
    let firstBytes = 0;
    let firstMs = 0;
    this.done = new Promise((resolve, reject) => {
      this.channel.onclose = () => reject(new Error("the channel closed"));
      this.channel.onmessage = ({ data }) => {
        if (firstMs === 0) {
          firstMs = performance.now();
          firstBytes = data.byteLength;
        }
        leftBytes -= data.byteLength;
        if (leftBytes <= 0) {
          resolve((totalBytes - firstBytes) / (performance.now() - firstMs) / 1000);
        }
      };
    });
  },
};
