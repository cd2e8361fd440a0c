// Patch "core1": the second core, its mailboxes and its power switch.
//
// rp2040js has one core. Restored: CPUID and the inter-processor FIFOs (2.3.1.1, 2.3.1.4), the
// power switch PROC1 (2.13), SEV to both cores. Core 1 shares everything but its SIO's own
// registers (divider, interpolators) and its private peripherals (2.4: NVIC and SysTick).

import { PARTS } from './pio/codes.mjs';
import { layOver } from './registers.mjs';

const CPUID = 0x00; // SIO
const FIFO_ST = 0x50;
const FIFO_WR = 0x54;
const FIFO_RD = 0x58;
const FIFO_DEPTH = 8;
const IRQ_FROM_CORE1 = 15; // at core 0
const IRQ_FROM_CORE0 = 16; // at core 1
const FRCE_OFF = 0x04; // PSM
const PROC1 = 1 << 16;
const SHARED_SIO = [
  'gpioValue',
  'gpioOutputEnable',
  'qspiGpioValue',
  'qspiGpioOutputEnable',
  'spinLock',
];

export class Mailboxes {
  constructor(chip) {
    this.chip = chip;
    this.queues = [[], []]; // words for core 0, for core 1
    this.overflowed = [false, false];
    this.underflowed = [false, false];
  }

  wants(core) {
    return this.queues[core].length > 0 || this.overflowed[core] || this.underflowed[core];
  }

  update() {
    this.chip.mcu.core.setInterrupt(IRQ_FROM_CORE1, this.wants(0));
    this.chip.core1?.setInterrupt(IRQ_FROM_CORE0, this.wants(1));
  }

  status(core) {
    return (
      (this.queues[core].length ? 1 : 0) |
      (this.queues[1 - core].length < FIFO_DEPTH ? 2 : 0) |
      (this.overflowed[core] ? 4 : 0) |
      (this.underflowed[core] ? 8 : 0)
    );
  }

  clearErrors(core) {
    this.overflowed[core] = false;
    this.underflowed[core] = false;
    this.update();
  }

  read(core) {
    const word = this.queues[core].shift();
    if (word === undefined) this.underflowed[core] = true;
    this.update();
    return word ?? 0;
  }

  write(core, word) {
    const queue = this.queues[1 - core];
    if (queue.length < FIFO_DEPTH) queue.push(word >>> 0);
    else this.overflowed[core] = true;
    this.update();
  }
}

const coreOf = (sio) => sio.coreId | 0;

function patchSio(sio) {
  layOver(sio, {
    reads: {
      [CPUID](stock) {
        return coreOf(this) || stock();
      },

      [FIFO_ST]() {
        return this.rp2040.chip.mailboxes.status(coreOf(this));
      },

      [FIFO_WR]: () => 0,

      [FIFO_RD]() {
        return this.rp2040.chip.mailboxes.read(coreOf(this));
      },
    },
    writes: {
      [FIFO_ST]() {
        this.rp2040.chip.mailboxes.clearErrors(coreOf(this));
      },

      [FIFO_WR](value) {
        this.rp2040.chip.mailboxes.write(coreOf(this), value);
      },

      [FIFO_RD]() {},
    },
  });
}

function patchPowerSwitch(psm) {
  layOver(psm, {
    writes: {
      [FRCE_OFF](value, stock) {
        const before = this.frceOff;
        stock(value);
        if (!((before ^ this.frceOff) & PROC1)) return;
        const { chip } = this.rp2040;
        chip.core1 = this.frceOff & PROC1 ? null : startCore1(chip);
        chip.scheduler.attention = true;
      },
    },
  });
}

/** A core that sees the same bus as core 0, but for its own SIO and private peripherals. */
function startCore1(chip) {
  const { mcu } = chip;
  const bus = Object.create(mcu);
  const core = new mcu.core.constructor(bus);
  bus.core = core;
  const sio = new mcu.sio.constructor(bus);
  sio.coreId = 1;
  for (const name of SHARED_SIO) {
    Object.defineProperty(sio, name, {
      get: () => mcu.sio[name],
      set: (value) => {
        mcu.sio[name] = value;
      },
    });
  }
  bus.sio = sio;
  bus.ppb = new mcu.ppb.constructor(bus, 'PPB1');
  bus.onBreak = (code) => chip.flash.onBreak(code, core);
  core.VTOR = 0;
  core.reset();
  core.time = chip.time.cycles; // the cycle up to which it has executed
  chip.mailboxes.queues[1].length = 0;
  const mail = (1 << IRQ_FROM_CORE1) | (1 << IRQ_FROM_CORE0);
  core.pendingInterrupts = mcu.core.pendingInterrupts & ~mail; // levels reach both cores
  return core;
}

/** SEV: an event for both cores; wakes one that waits in WFE. */
function sendEvent(chip, sender) {
  for (const core of [chip.mcu.core, chip.core1]) {
    if (!core) continue;
    core.eventRegistered = true;
    if (core === sender || !core.waiting) continue;
    core.waiting = false;
    core.eventRegistered = false;
  }
}

/** Scheduler.run() while core 1 is on: each core an instruction whenever its time has come. */
export function runBothCores(scheduler, end) {
  const { chip } = scheduler;
  const { time } = chip;
  const core0 = chip.mcu.core;
  const clock0 = { cycle: time.cycles };
  while (time.cycles < end && !scheduler.interrupted) {
    if (!chip.core1) return false;
    advance(scheduler, nextCycle(scheduler, clock0, end));
    if (chip.pendingReset !== null) {
      chip.reset(chip.pendingReset);
      return false;
    }
  }
  return core0.waiting && (!chip.core1 || chip.core1.waiting);
}

function nextCycle(scheduler, clock0, end) {
  const { chip } = scheduler;
  const { time, core1 } = chip;
  const core0 = chip.mcu.core;
  const inFlash = scheduler.busyUntil > time.cycles;
  const halted = scheduler.cpuStopped || inFlash;
  clock0.cycle = Math.max(clock0.cycle, time.cycles);
  core1.time = Math.max(core1.time, time.cycles);
  if ((core0.waiting || halted) && core1.waiting) return scheduler.nextEvent(end);
  if (!core0.waiting && !halted && clock0.cycle <= time.cycles) {
    clock0.cycle += core0.executeInstruction();
  }
  if (chip.core1 === core1 && !core1.waiting && core1.time <= time.cycles) {
    core1.time += core1.executeInstruction();
  }
  let cycle = !core0.waiting && !halted ? clock0.cycle : Infinity;
  if (!core1.waiting) cycle = Math.min(cycle, core1.time);
  if (cycle === Infinity) cycle = time.cycles + 1;
  return inFlash ? Math.min(cycle, scheduler.busyUntil) : cycle;
}

function advance(scheduler, cycle) {
  const { time, clock } = scheduler.chip;
  const passed = cycle - time.cycles;
  if (scheduler.pioNextAt <= cycle * PARTS) scheduler.runPio(cycle * PARTS);
  time.cycles = cycle;
  if (passed > 0) clock.tick(passed * time.nsPerCycle);
  else if (clock.nextAlarm && clock.nextAlarm.nanos <= clock.nanosCounter) clock.tick(0);
}

export const core1 = {
  classes(mcu) {
    patchSio(mcu.sio.constructor.prototype);
    patchPowerSwitch(mcu.peripherals[0x40010].constructor.prototype);
  },

  instance(chip) {
    const { mcu } = chip;
    mcu.setInterrupt = (irq, level) => {
      mcu.core.setInterrupt(irq, level);
      chip.core1?.setInterrupt(irq, level);
    };
    mcu.onSEV = (sender) => sendEvent(chip, sender);
  },
};
