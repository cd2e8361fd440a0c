// Patch "watchdog": it resets the chip (4.7), once.
//
// rp2040js only calls a hook, and arms its alarm again at zero, so that it fires for ever. The
// scratch registers and the reason survive the reset (4.7.5). Erratum E1 (the counter runs at twice
// its rate) is in rp2040js.

export const watchdog = {
  instance(chip, previous) {
    const own = chip.mcu.peripherals[0x40058];
    own.onWatchdogTrigger = () => {
      own.alarm.enable = false;
      own.timer.enable = false;
      chip.pendingReset = 'watchdog';
      chip.scheduler.attention = true;
    };
    if (!previous) return;
    const before = previous.peripherals[0x40058];
    own.scratchData.set(before.scratchData);
    own.reason = before.reason;
  },
};
