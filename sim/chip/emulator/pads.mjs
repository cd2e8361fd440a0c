// The pads: what level stands at each pin, who drives it, and who wants to know.
//
// Patch "pads": after a reset the input buffers are on (2.19.6.3: IE is 1); rp2040js has them off.

import { GPIOPinState } from 'rp2040js';

const PINS = 30;
const RESET_VALUE = 0x56; // of a pad's control register
const LONG_AGO = -1e9;

export class Pads {
  constructor() {
    this.level = new Uint8Array(PINS);
    this.changedAt = new Float64Array(PINS).fill(LONG_AGO); // in PARTS of a cycle
    this.driven = new Array(PINS).fill(null); // from outside: 0, 1 or null
    this.wires = []; // [from, to]
    this.watchers = new Set(); // (pin, level, cycle): cycle may lie between two whole ones
  }

  /** A new chip behind the same pads; what its reset changes is told as any other change. */
  connect(chip) {
    this.chip = chip;
    this.changedAt.fill(LONG_AGO);
    chip.mcu.gpio.forEach((gpio, pin) => gpio.addListener(() => this.resolve(pin)));
    for (let pin = 0; pin < PINS; pin += 1) this.resolve(pin, true);
  }

  /** The chip's own output first, then what drives the pin from outside, then the pulls. */
  levelOf(pin) {
    switch (this.chip.mcu.gpio[pin].value) {
      case GPIOPinState.High:
        return 1;
      case GPIOPinState.Low:
        return 0;
      case GPIOPinState.InputPullUp:
        return this.driven[pin] ?? 1;
      case GPIOPinState.InputPullDown:
        return this.driven[pin] ?? 0;
      default: // floating, or a bus keeper: stays as it is
        return this.driven[pin] ?? this.level[pin];
    }
  }

  resolve(pin, always = false) {
    const level = this.levelOf(pin);
    const changed = level !== this.level[pin];
    if (!changed && !always) return;
    const now = this.chip.time.nowParts();
    this.level[pin] = level;
    if (changed) this.changedAt[pin] = now;
    this.chip.mcu.gpio[pin].setInputValue(level === 1);
    if (changed) this.tell(pin, level, now / 256);
  }

  tell(pin, level, cycle) {
    for (const watcher of this.watchers) watcher(pin, level, cycle);
    for (const [from, to] of this.wires) if (from === pin) this.drive(to, level);
  }

  /** From outside: 0, 1, or null to let go. */
  drive(pin, level) {
    this.driven[pin] = level;
    this.resolve(pin);
  }
}

export const pads = {
  instance({ mcu }) {
    for (const gpio of mcu.gpio) gpio.padValue = RESET_VALUE;
  },
};
