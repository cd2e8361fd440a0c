// Chip, edge log, plant and faults in one; runs the chip and keeps appointments with it.
//

import { EdgeLog } from './edges.mjs';

const SLICE = 50_000; // cycles at a time while stepping

export class Bench {
  /** `plant`: a Plant or null. */
  constructor(chip, plant) {
    this.chip = chip;
    this.plant = plant;
    this.edges = new EdgeLog(chip);
    this.appointments = []; // {cycle, action}, earliest first
    plant?.connect(chip);
  }

  /** Do `action` at a cycle, or as soon as the CPU's instruction then is over. */
  at(cycle, action) {
    const later = this.appointments.findIndex((one) => one.cycle > cycle);
    const index = later < 0 ? this.appointments.length : later;
    this.appointments.splice(index, 0, { cycle, action });
  }

  /** Up to the cycle `end`, the next appointment or a reset; true while the CPU sleeps. */
  advance(end) {
    const { chip } = this;
    const next = this.appointments[0];
    const asleep = chip.run(next ? Math.min(end, next.cycle) : end);
    while (this.appointments.length && this.appointments[0].cycle <= chip.time.cycles) {
      this.appointments.shift().action();
    }
    return asleep;
  }

  /**
   * `ns` of emulated time, to the end of the CPU's instruction then; or less, if `until` ({pin,
   * level}) comes to pass first. Gives back whether it did.
   */
  step(ns, until) {
    const { chip } = this;
    const { time, pads, scheduler } = chip;
    let met = false;
    const watcher = (pin, level) => {
      if (pin !== until.pin || level !== until.level) return;
      met = true;
      scheduler.interrupt();
    };
    if (until) pads.watchers.add(watcher);
    const end = time.nanos + ns;
    while (!met && time.nanos < end - time.nsPerCycle / 2) {
      const left = Math.round((end - time.nanos) / time.nsPerCycle);
      this.advance(time.cycles + Math.min(SLICE, Math.max(1, left)));
    }
    pads.watchers.delete(watcher);
    return met;
  }
}
