// Patch "timer-alarms": an alarm fires when the counter reaches its value (4.6.3).
//
// rp2040js rounds the time that is left down to whole microseconds from an instant between two of
// them, so that alarms fire up to 1 us early and sleeps return early.

const ALARM0 = 0x10;
const ALARM3 = 0x1c;
const NS_PER_US = 1000;

export const timerAlarms = {
  name: 'timer-alarms',
  section: '4.6.3',
  restores: 'an alarm fires at the microsecond it names, not before',

  classes(mcu) {
    const timer = mcu.peripherals[0x40054].constructor.prototype;
    const { writeUint32 } = timer;
    timer.writeUint32 = function write(offset, value) {
      if (offset < ALARM0 || offset > ALARM3) {
        writeUint32.call(this, offset, value);
        return;
      }
      const alarm = this.alarms[(offset - ALARM0) / 4];
      const now = this.clock.nanos;
      const us = Math.floor(now / NS_PER_US);
      const wait = (value - us) >>> 0;
      alarm.armed = true;
      alarm.targetMicros = value >>> 0;
      alarm.clockAlarm.schedule(wait === 0 ? 0 : wait * NS_PER_US - (now - us * NS_PER_US));
    };
  },
};
