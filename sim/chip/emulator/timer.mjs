// Patch "timer-alarms": an alarm fires when the counter reaches its value (4.6.3).
//
// rp2040js rounds the time that is left down to whole microseconds from an instant between two of
// them, so that alarms fire up to 1 us early and sleeps return early.

import { layOver } from './registers.mjs';

const ALARMS = [0x10, 0x14, 0x18, 0x1c];
const NS_PER_US = 1000;

/** What a write of ALARM`index` does, called on the timer. */
function alarmRegister(index) {
  return function write(value) {
    const alarm = this.alarms[index];
    const now = this.clock.nanos;
    const us = Math.floor(now / NS_PER_US);
    const wait = (value - us) >>> 0;
    alarm.armed = true;
    alarm.targetMicros = value >>> 0;
    alarm.clockAlarm.schedule(wait === 0 ? 0 : wait * NS_PER_US - (now - us * NS_PER_US));
  };
}

export const timerAlarms = {
  classes(mcu) {
    const writes = Object.fromEntries(ALARMS.map((offset, at) => [offset, alarmRegister(at)]));
    layOver(mcu.peripherals[0x40054].constructor.prototype, { writes });
  },
};
