// Patch "clock": alarms of equal instants fire in the order in which they were set.
//
// rp2040js's SimulationClock fires the last one set first, so that of two DMA channels that become
// ready together the later goes first (2.5: round robin among equals), and leaves an alarm that
// has fired marked as scheduled. Its delays begin at the last tick, not at the instant of the state
// machine that sets the alarm.

import { PARTS } from './pio/codes.mjs';

export class AlarmClock {
  constructor(chip) {
    this.chip = chip;
    this.nextAlarm = null; // a linked list, earliest first
    this.nanosCounter = 0;
    this.frequency = 125e6;
  }

  get nanos() {
    return this.nanosCounter;
  }

  get micros() {
    return this.nanosCounter / 1000;
  }

  /** Now: at the last tick, or at the state machine that executes. */
  now() {
    const { time } = this.chip;
    if (time.eventParts < 0) return this.nanosCounter;
    return this.nanosCounter + (time.eventParts / PARTS - time.cycles) * time.nsPerCycle;
  }

  createAlarm(callback) {
    return new Alarm(this, callback);
  }

  linkAlarm(delayNs, alarm) {
    alarm.nanos = this.now() + delayNs;
    let before = null;
    let after = this.nextAlarm;
    while (after && after.nanos <= alarm.nanos) {
      before = after;
      after = after.next;
    }
    alarm.next = after;
    if (before) before.next = alarm;
    else {
      this.nextAlarm = alarm;
      this.chip.scheduler.attention = true;
    }
    alarm.scheduled = true;
    return alarm;
  }

  unlinkAlarm(alarm) {
    let before = null;
    let at = this.nextAlarm;
    while (at && at !== alarm) {
      before = at;
      at = at.next;
    }
    if (!at) return false;
    if (before) before.next = at.next;
    else this.nextAlarm = at.next;
    alarm.scheduled = false;
    return true;
  }

  tick(deltaNs) {
    const until = this.nanosCounter + deltaNs;
    let alarm = this.nextAlarm;
    while (alarm && alarm.nanos <= until) {
      this.nextAlarm = alarm.next;
      alarm.scheduled = false;
      this.nanosCounter = alarm.nanos;
      alarm.callback();
      alarm = this.nextAlarm;
    }
    this.nanosCounter = until;
  }

  get nanosToNextAlarm() {
    return this.nextAlarm ? this.nextAlarm.nanos - this.nanosCounter : 0;
  }
}

class Alarm {
  constructor(clock, callback) {
    this.clock = clock;
    this.callback = callback;
    this.next = null;
    this.nanos = 0;
    this.scheduled = false;
  }

  schedule(delayNs) {
    if (this.scheduled) this.cancel();
    this.clock.linkAlarm(delayNs, this);
  }

  cancel() {
    if (this.scheduled) this.clock.unlinkAlarm(this);
    this.scheduled = false;
  }
}

export const clock = {}; // chip.mjs takes an AlarmClock where it is applied
