// The part of this worker that an app's first responses mostly do without. It is loaded as soon as
// requests may come, so that it is mostly here before one needs it.

import { loadPart } from "../messages/part";

type Part = typeof import("./worker-later");

class Later {
  /** undefined: it is not here yet. */
  here: Part | undefined;
  private coming: Promise<Part> | undefined;

  /** Rejects if it cannot be had; asked again, it tries again. */
  part(): Promise<Part> {
    return (this.coming ??= this.load());
  }

  private async load(): Promise<Part> {
    try {
      return (this.here = await loadPart<Part>(__WORKER_LATER_URL__));
    } catch (error) {
      this.coming = undefined;
      console.error("p2claw: a part for requests could not be loaded", error);
      throw error;
    }
  }
}

export const later = new Later();
