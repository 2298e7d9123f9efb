// msgpack in both directions.

export { concat, pack, type Sendable } from "./msgpack-encode";
export { Foreign, NotPacked, type Packed, unpack } from "./msgpack-decode";
