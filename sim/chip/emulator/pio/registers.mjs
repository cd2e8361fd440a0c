// Registers of the PIO (3.7): CLKDIV, EXECCTRL, SHIFTCTRL, INSTR and PINCTRL of a machine, CTRL and
// the interrupt flags of a block. Everything else stays as rp2040js has it.

import { decodeConfig } from './config.mjs';
import { EXEC_STALLED, NEXT, JUMPED, PARTS, RETRY, WAIT_IRQ } from './codes.mjs';

const SM_CLKDIV = 0x00; // offsets within a machine's registers
const SM_EXECCTRL = 0x04;
const SM_SHIFTCTRL = 0x08;
const SM_INSTR = 0x10;
const SM_PINCTRL = 0x14;
const JOIN_BITS = 0xc0000000; // SHIFTCTRL

/** Mixed into StateMachine.prototype. */
export const machineRegisters = {
  writeUint32(offset, value) {
    const now = this.rp2040.chip.time.nowParts();
    this.settle(now);
    switch (offset) {
      case SM_CLKDIV:
        this.setClockDivider(value);
        break;
      case SM_EXECCTRL:
        this.execCtrl = ((value & ~EXEC_STALLED) | (this.execCtrl & EXEC_STALLED)) >>> 0;
        break;
      case SM_SHIFTCTRL:
        this.setShiftControl(value);
        break;
      case SM_INSTR:
        this.executeNow(value & 0xffff, now);
        break;
      case SM_PINCTRL:
        this.pinCtrl = value >>> 0;
        break;
      default:
    }
    this.config = decodeConfig(this);
  },

  /** CLKDIV: 16 whole bits, of which 0 means 65536, and 8 of fraction (3.5.5). */
  setClockDivider(value) {
    this.clockDivInt = value >>> 16;
    this.clockDivFrac = (value >>> 8) & 0xff;
    this.period = this.clockDivInt ? this.clockDivInt * PARTS + this.clockDivFrac : 65536 * PARTS;
  },

  setShiftControl(value) {
    const before = this.shiftCtrl;
    this.shiftCtrl = value >>> 0;
    if ((before ^ value) & JOIN_BITS) this.resizeFifos();
  },

  /** SMx_INSTR (3.5.7): at once; what the program was stalled on is tried again afterwards. */
  executeNow(opcode, now) {
    const wasStalled = this.stalled;
    const before = this.nextAt;
    this.stalled = false;
    this.waiting = false;
    this.execValid = false;
    this.execLatched = false;
    const result = this.execute(opcode, true, now);
    if (result === NEXT || result === JUMPED) this.resumeAfter(wasStalled, before, now);
    else this.latchForced(opcode, result, now);
    this.pio.checkChangedPins();
  },

  resumeAfter(wasStalled, before, now) {
    if (this.execValid)
      this.schedule(this.gridAfter(now)); // "out exec" or "mov exec"
    else if (!wasStalled) this.nextAt = before;
    else if (this.enabled) this.schedule(this.gridAfter(now));
  },

  latchForced(opcode, result, now) {
    this.putBack(opcode);
    this.execLatched = true;
    this.execCtrl = (this.execCtrl | EXEC_STALLED) >>> 0;
    if (result === RETRY) this.schedule(this.gridAfter(now));
  },

  /** CTRL.CLKDIV_RESTART: the fraction starts at zero. */
  restartClock(now) {
    this.lastAt = now;
    if (this.enabled && this.nextAt !== Infinity) this.schedule(now + this.period);
  },

  setEnabled(enabled, now) {
    if (enabled === this.enabled) return;
    this.enabled = enabled;
    if (!enabled) {
      if (!this.execLatched) this.nextAt = Infinity;
    } else if (this.stalled) this.wake(now + PARTS);
    else this.schedule(this.gridAfter(now + PARTS));
  },
};

const CTRL = 0x00; // offsets within a block
const INSTRUCTIONS = [0x48, 0xc4];
const MACHINES = [0xc8, 0x124];
const MACHINE_STRIDE = 0x18;

/** Mixed into RPPIO.prototype; `stock` is what rp2040js had there. */
export function blockRegisters(stock) {
  return {
    run() {}, // rp2040js's own engine: never

    writeUint32(offset, value) {
      if (offset === CTRL) {
        this.writeControl(value);
        return;
      }
      if (offset >= INSTRUCTIONS[0] && offset <= INSTRUCTIONS[1]) this.settleAll();
      stock.writeUint32.call(this, offset, value);
    },

    readUint32(offset) {
      if (offset >= MACHINES[0] && offset <= MACHINES[1]) {
        const index = Math.floor((offset - MACHINES[0]) / MACHINE_STRIDE);
        this.machines[index].settle(this.rp2040.chip.time.nowParts());
      }
      return stock.readUint32.call(this, offset);
    },

    settleAll() {
      const now = this.rp2040.chip.time.nowParts();
      for (const machine of this.machines) machine.settle(now);
    },

    /** All machines at the same instant, so that those started together stay in step. */
    writeControl(value) {
      const now = this.rp2040.chip.time.nowParts();
      this.machines.forEach((machine, index) => {
        const enable = (value & (1 << index)) !== 0;
        machine.settle(now);
        if (value & (0x10 << index)) {
          machine.restart();
          machine.nextAt = Infinity;
          if (enable && machine.enabled) machine.schedule(machine.gridAfter(now + PARTS));
        }
        if (value & (0x100 << index)) machine.restartClock(now);
        machine.setEnabled(enable, now);
      });
      this.stopped = (value & 0xf) === 0;
    },

    interruptsMayHaveChanged() {
      const watched =
        this.irq0IntEnable | this.irq1IntEnable | this.irq0IntForce | this.irq1IntForce;
      if (watched) this.checkInterrupts();
    },

    /** A flag has changed: machines that wait for it go on one cycle later. */
    irqUpdated() {
      for (const machine of this.machines) {
        if (!machine.stalled || machine.waitType !== WAIT_IRQ) continue;
        const raised = (this.irq & (1 << machine.waitIndex)) !== 0;
        if (raised === machine.waitPolarity) {
          machine.wake(this.rp2040.chip.time.nowParts() + PARTS);
        }
      }
      this.checkInterrupts();
    },
  };
}
