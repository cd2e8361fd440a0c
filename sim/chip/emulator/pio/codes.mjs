// Numbers that the PIO modules share.

/** Time in the PIO is counted in 1/256 of a system clock cycle: CLKDIV has 8 fractional bits. */
export const PARTS = 256;

/** An input passes two flip-flops before a state machine sees it (3.5.6.3). */
export const SYNCHRONISER = 2 * PARTS;

// what a stalled state machine waits for; the values are rp2040js's WaitType
export const WAIT_PIN = 1;
export const WAIT_RX = 2;
export const WAIT_TX = 3;
export const WAIT_IRQ = 4;
export const WAIT_OUT = 5;

// how an instruction ended
export const NEXT = 0; // done: on to the next address
export const JUMPED = 1; // done: it has set the address itself
export const STALLED = 2; // waits for an event, which wakes it
export const RETRY = 3; // used a cycle to refill the OSR, and runs again

// FDEBUG bits of state machine 0; shift left by its index (3.7)
export const TX_STALL = 1 << 24;
export const TX_OVER = 1 << 16;
export const RX_UNDER = 1 << 8;
export const RX_STALL = 1;

export const EXEC_STALLED = 0x80000000; // EXECCTRL

export const ALL_PINS = 0x3fffffff;

/** The IRQ flag that an instruction of state machine `machine` names (3.4.9: REL). */
export function irqFlag(field, machine) {
  const relative = (field & 0x10) !== 0;
  return relative ? (field & 4) | (((field & 3) + machine) & 3) : field & 7;
}

/** Bits 31..0 become bits 0..31. */
export function reversed(word) {
  let x = word;
  x = ((x & 0x55555555) << 1) | ((x & 0xaaaaaaaa) >>> 1);
  x = ((x & 0x33333333) << 2) | ((x & 0xcccccccc) >>> 2);
  x = ((x & 0x0f0f0f0f) << 4) | ((x & 0xf0f0f0f0) >>> 4);
  x = ((x & 0x00ff00ff) << 8) | ((x & 0xff00ff00) >>> 8);
  return ((x << 16) | (x >>> 16)) >>> 0;
}

/** `word` turned left by `count` (0..31) bits. */
export function turnedLeft(word, count) {
  return (count ? (word << count) | (word >>> (32 - count)) : word) >>> 0;
}
