// The chip's time: cycles of the system clock, counted on through resets and changes of frequency.
//
// Cycles are whole and exact; nanoseconds follow from them, anew from each change of frequency. Those
// of a cycle before the last change follow from the frequency then.

import { PARTS } from './pio/codes.mjs';

export class Timeline {
  constructor() {
    this.cycles = 0;
    /** While a state machine executes: its own instant, which may lie between two cycles; or -1. */
    this.eventParts = -1;
    this.baseNs = 0;
    this.baseCycle = 0;
    this.nsPerCycle = 8;
    this.earlier = []; // {baseNs, baseCycle, nsPerCycle} of each frequency before, the last first
  }

  /** Nanoseconds since power-on. */
  get nanos() {
    return this.nanosAt(this.cycles);
  }

  nanosAt(cycle) {
    const then =
      cycle >= this.baseCycle ? this : this.earlier.find(({ baseCycle }) => cycle >= baseCycle);
    return then.baseNs + (cycle - then.baseCycle) * then.nsPerCycle;
  }

  /** Now, in 1/256 of a cycle. */
  nowParts() {
    return this.eventParts >= 0 ? this.eventParts : this.cycles * PARTS;
  }

  setFrequency(hertz) {
    const { baseNs, baseCycle, nsPerCycle } = this;
    this.earlier.unshift({ baseNs, baseCycle, nsPerCycle });
    this.baseNs = this.nanos;
    this.baseCycle = this.cycles;
    this.nsPerCycle = 1e9 / hertz;
  }
}
