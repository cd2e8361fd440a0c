// Pins of the PIO: side-set (3.5.1), the input synchroniser (3.5.6.3), masks that wrap at pin 31.

import { ALL_PINS, SYNCHRONISER, turnedLeft } from './codes.mjs';

/** Mixed into StateMachine.prototype. */
export const machinePins = {
  applySideSet(opcode) {
    const { sideBits, sideBase, sideIsOptional, sideIsDirection } = this.config;
    if (sideBits === 0) return;
    const field = (opcode >> 8) & 31;
    let count = sideBits;
    if (sideIsOptional) {
      if ((field & 0x10) === 0) return;
      count -= 1;
    }
    const value = (field >>> (5 - sideBits)) & ((1 << count) - 1);
    if (sideIsDirection) this.pio.pinDirectionsChanged(value, sideBase, count);
    else this.pio.pinValuesChanged(value, sideBase, count);
  },

  /** Whether the change of a pin has not yet passed its synchroniser at `at`. */
  stillSynchronising(pin, at) {
    const fresh = at - this.rp2040.chip.pads.changedAt[pin] < SYNCHRONISER;
    return fresh && ((this.pio.inputSyncBypass >>> pin) & 1) === 0;
  },

  /** One pin as the machine sees it at `at`. */
  pinSeen(pin, at) {
    if (pin > 29) return false;
    const level = Boolean(this.rp2040.gpio[pin].inputValue);
    return this.stillSynchronising(pin, at) ? !level : level;
  },

  /** All pins as the machine sees them at `at`, turned so that IN_BASE is bit 0. */
  pinsSeen(at) {
    let levels = this.rp2040.gpioValues >>> 0;
    for (let pin = 0; pin < 30; pin += 1) {
      if (this.stillSynchronising(pin, at)) levels ^= 1 << pin;
    }
    return turnedLeft(levels >>> 0, (32 - this.config.inBase) & 31);
  },
};

function merged(before, value, first, count) {
  const mask = count > 31 ? 0xffffffff : turnedLeft((1 << count) - 1, first);
  return (((before & ~mask) | (turnedLeft(value, first) & mask)) & ALL_PINS) >>> 0;
}

/** Mixed into RPPIO.prototype. */
export const blockPins = {
  pinValuesChanged(value, first, count) {
    if (count) this.pinValues = merged(this.pinValues, value, first, count);
  },

  pinDirectionsChanged(value, first, count) {
    if (count) this.pinDirections = merged(this.pinDirections, value, first, count);
  },

  /** Tell the pads what an instruction has changed. */
  checkChangedPins() {
    let changed =
      (this.oldPinDirections ^ this.pinDirections) | (this.oldPinValues ^ this.pinValues);
    this.oldPinDirections = this.pinDirections;
    this.oldPinValues = this.pinValues;
    while (changed) {
      const pin = 31 - Math.clz32(changed & -changed);
      changed &= changed - 1;
      this.rp2040.gpio[pin]?.checkForUpdates();
    }
  },
};
