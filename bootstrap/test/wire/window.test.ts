// Windows that tune themselves, as tests/vectors/README.md describes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Room } from "../../src/wire/room";
import { ReceiveWindow } from "../../src/wire/window";
import { read } from "../vectors";

type Step =
  | { do: "read"; window: number; n: number; now_ms: number; grant: number; size: number }
  | { do: "close"; window: number }
  | { do: "round_trip"; ms: number };

interface Case {
  name: string;
  first: number;
  most: number;
  room: number;
  steps: Step[];
}

for (const { name, first, most, room: bytes, steps } of read<Case[]>("windows")) {
  test(name, () => {
    const room = new Room(most, bytes);
    const windows = new Map<number, ReceiveWindow>();
    const of = (id: number): ReceiveWindow => {
      const window = windows.get(id) ?? new ReceiveWindow(first, { room });
      windows.set(id, window);
      return window;
    };
    for (const step of steps) {
      switch (step.do) {
        case "read": {
          const window = of(step.window);
          window.received(step.n);
          const grant = window.consumed(step.n, step.now_ms);
          assert.deepEqual([grant, window.bytes], [step.grant, step.size], JSON.stringify(step));
          break;
        }
        case "close":
          of(step.window).close();
          break;
        case "round_trip":
          room.roundTrip(step.ms);
          break;
        default:
          step satisfies never;
      }
    }
  });
}
