// What an app's first responses mostly do without: loaded by `later`.

export { Room } from "../wire/room";
export { bodies } from "./bodies";
export { Carrying } from "./carrying";
export { stage } from "./decoders/stage";
export { PathWatch } from "./path-watch";
export { Rest } from "./rest";
export { SignIn } from "./sign-in";
export { Upload } from "./upload";
