// What our script in a worker of the app gets as it begins. It finds it on the global, and takes
// it off before a script of the app runs.

export interface Given {
  /** The app's other names, as in our tag of a page. */
  origins?: string;
  /** Path of the script itself, which cannot know it: its hash is in its name. */
  file?: string;
  /** The worker's script, as the app names it. */
  location?: string;
}

const NAME = "__p2clawGiven";

/** As a statement before our script. */
export function give(given: Given): string {
  return `Object.assign(self.${NAME}??={},${JSON.stringify(given)});`;
}

/** Where our script did not come. */
export const FORGET = `delete self.${NAME};`;

export function take(): Given {
  const given = (Reflect.get(self, NAME) ?? {}) as Given;
  Reflect.deleteProperty(self, NAME);
  return given;
}

/** On this BroadcastChannel a worker names the requests that it gives up: it has no other way. */
export const ABORTS = "p2claw-aborts";
