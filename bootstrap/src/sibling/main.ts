// Requests of one app's pages to another app under the same parent. Loaded by the shell of the app
// that asks, and in the hidden frame of the app that is asked; by nobody else.

export { askSiblings } from "./asking";
export { serveSiblings } from "./serving";
