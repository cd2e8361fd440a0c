// Runs CPU, state machines and alarms in the order of their instants.
//
// While the CPU sleeps, time leaps from event to event; while it is awake, an instruction at a
// time.

import { PARTS } from './pio/codes.mjs';
import { runBothCores } from './core1.mjs';

export class Scheduler {
  constructor(chip) {
    this.chip = chip;
    this.machines = [];
    this.pioNextAt = Infinity; // no state machine is due before this instant, in PARTS
    this.busyUntil = 0; // cycle until which core 0 waits for the flash
    this.cpuStopped = false; // a fault put in from outside: core 0 executes nothing
    this.interrupted = false; // somebody wants run() to come back early
    this.attention = false; // something has changed that run() has to look at
  }

  /** After each reset: the machines of the new chip. */
  watchMachines(machines) {
    this.machines = machines;
    this.pioNextAt = Infinity;
  }

  pioDueBy(at) {
    if (at < this.pioNextAt) this.pioNextAt = at;
  }

  /** Core 0 waits that long for the flash, from now or from the end of what it waits for. */
  waitForFlash(ns) {
    const { time } = this.chip;
    this.busyUntil = Math.max(this.busyUntil, time.cycles) + Math.round(ns / time.nsPerCycle);
    this.attention = true;
  }

  /** Every state machine, each at its own instants, up to `until` (in PARTS). */
  runPio(until) {
    while (this.pioNextAt <= until) this.runFirstMachine(until);
    this.chip.time.eventParts = -1;
  }

  /** The machine that is due first, up to `until`, or until another is due. */
  runFirstMachine(until) {
    const { machines } = this;
    let first = null;
    let due = Infinity;
    let next = Infinity; // of the others
    for (let index = 0; index < machines.length; index += 1) {
      const machine = machines[index];
      const at = machine.nextAt;
      if (at < due) {
        next = due;
        due = at;
        first = machine;
      } else if (at < next) next = at;
    }
    this.pioNextAt = next;
    if (due <= until) this.runMachine(first, until);
    if (first !== null && first.nextAt < this.pioNextAt) this.pioNextAt = first.nextAt;
  }

  /** One machine alone, until another is due, it has made one earlier, or `attention` is wanted. */
  runMachine(machine, until) {
    const { time } = this.chip;
    const block = machine.pio;
    do {
      const at = machine.nextAt;
      time.eventParts = at;
      machine.tick(at);
      if (
        block.oldPinValues !== block.pinValues ||
        block.oldPinDirections !== block.pinDirections
      ) {
        block.checkChangedPins();
      }
    } while (machine.nextAt <= until && machine.nextAt < this.pioNextAt && !this.attention);
  }

  /** As runPio(), but ends early where something else begins; gives back the cycle it came to. */
  runPioAsleep(until) {
    const { core } = this.chip.mcu;
    const { time } = this.chip;
    const { waiting } = core;
    while (this.pioNextAt <= until && core.waiting === waiting && !this.attention) {
      this.runFirstMachine(until);
    }
    const whole = core.waiting === waiting && !this.attention;
    const cycle = Math.ceil((whole ? until : time.eventParts) / PARTS);
    this.runPio(cycle * PARTS); // the other machines, up to the same cycle
    return cycle;
  }

  /** The next cycle at which an alarm, or the flash, lets something happen; at most `end`. */
  nextAlarm(end) {
    const { chip } = this;
    const { time, clock } = chip;
    let cycle = end;
    const alarm = clock.nextAlarm;
    if (alarm) {
      const wait = Math.ceil((alarm.nanos - clock.nanosCounter) / time.nsPerCycle);
      cycle = Math.min(cycle, time.cycles + wait);
    }
    if (!chip.mcu.core.waiting && !this.cpuStopped && this.busyUntil > time.cycles) {
      cycle = Math.min(cycle, this.busyUntil);
    }
    return Math.max(cycle, time.cycles);
  }

  /** The next cycle at which anything but a core does something, at most `end`. */
  nextEvent(end) {
    const pio = Math.max(this.chip.time.cycles, Math.ceil(this.pioNextAt / PARTS));
    return Math.min(this.nextAlarm(end), pio);
  }

  /** run() comes back after the present instruction. */
  interrupt() {
    this.interrupted = true;
    this.attention = true;
  }

  stopCpu(stopped) {
    this.cpuStopped = stopped;
    this.attention = true;
  }

  /** Up to the cycle `end`, or to a reset. Gives back whether the CPU sleeps. */
  run(end) {
    this.interrupted = false;
    const { chip } = this;
    if (chip.core1) return runBothCores(this, end);
    const { core } = chip.mcu;
    const { time } = chip;
    while (time.cycles < end && !this.interrupted) {
      this.attention = false;
      if (core.waiting || this.cpuStopped || this.busyUntil > time.cycles) this.leap(end);
      else this.execute(core, end);
      if (chip.pendingReset !== null) {
        chip.reset(chip.pendingReset);
        return false;
      }
      if (chip.core1) return false;
    }
    return core.waiting || this.cpuStopped;
  }

  /** To the next alarm, or to what a state machine sets in motion before it. */
  leap(end) {
    const { time, clock } = this.chip;
    let cycle = this.nextAlarm(end);
    if (this.pioNextAt <= cycle * PARTS) cycle = this.runPioAsleep(cycle * PARTS);
    const passed = cycle - time.cycles;
    time.cycles = cycle;
    clock.tick(passed * time.nsPerCycle);
  }

  /** Instructions of core 0 until it sleeps or `attention` is wanted: the rig's innermost loop. */
  execute(core, end) {
    const { time, clock } = this.chip;
    let now = time.cycles;
    while (now < end && !core.waiting && !this.attention) {
      const spent = core.executeInstruction();
      now += spent;
      if (this.pioNextAt <= now * PARTS) this.runPio(now * PARTS);
      time.cycles = now;
      const nanos = clock.nanosCounter + spent * time.nsPerCycle;
      const alarm = clock.nextAlarm;
      if (alarm !== null && alarm.nanos <= nanos) clock.tick(spent * time.nsPerCycle);
      else clock.nanosCounter = nanos;
    }
  }
}
