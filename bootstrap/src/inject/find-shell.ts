// Finds the shell above this page: the app's top frame knows it, and frames within ask upwards.

import { SHELL_PROPERTY, type ShellApi } from "../messages/frame-shell";

export interface Place {
  shell: ShellApi;
  /** To the app this page is the top. */
  isTop: boolean;
}

export function findShell(): Place | undefined {
  for (let above: Window = window; above !== above.parent;) {
    above = above.parent;
    const shell = shellOf(above);
    if (!shell) continue;
    // For the pages within this one: the way up ends at a page that believes to be the top.
    Object.defineProperty(window, SHELL_PROPERTY, { value: shell });
    return { shell, isTop: shell.frame() === window };
  }
  return undefined;
}

function shellOf(above: Window): ShellApi | undefined {
  try {
    const value: unknown = Reflect.get(above, SHELL_PROPERTY);
    return isShell(value) ? value : undefined;
  } catch {
    return undefined; // of another origin
  }
}

function isShell(value: unknown): value is ShellApi {
  return typeof value === "object" && value !== null && "lock" in value && "arrive" in value;
}
