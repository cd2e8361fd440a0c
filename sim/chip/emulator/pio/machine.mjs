// When a state machine runs: its clock grid, stalls and wakes, and loops that are skipped in one
// go.
//
// rp2040js steps all machines in turn from setTimeout, whatever CLKDIV and the delays say. Here
// each machine knows the instant of its next instruction (`nextAt`, in PARTS of a cycle) and the
// scheduler runs whichever is due first. Mixed into rp2040js's StateMachine.prototype by
// ../pio.mjs.

import { decodeConfig } from './config.mjs';
import {
  EXEC_STALLED,
  PARTS,
  RETRY,
  RX_STALL,
  STALLED,
  SYNCHRONISER,
  TX_STALL,
  WAIT_PIN,
} from './codes.mjs';

// what is being skipped
const NO_LOOP = 0;
const PARKED = 1; // "jmp itself"
const COUNTING_X = 2;
const COUNTING_Y = 3;

/** "jmp x--, itself" with this many turns or fewer is not worth skipping. */
const SHORTEST_SKIP = 2;

export const machine = {
  powerOn() {
    this.nextAt = Infinity; // instant of the next instruction; Infinity while stalled or disabled
    this.lastAt = 0; // instant of the last one: the machine's clock grid starts there
    this.period = PARTS; // of the machine's clock
    this.stalled = false;
    this.irqRaised = false; // "irq wait": the flag is set, waiting for it to clear
    this.pushPending = false; // "in" that filled the ISR waits for room in the FIFO
    this.execLatched = false; // an instruction written to SMx_INSTR has not finished
    this.skipping = NO_LOOP; // the self-loop that is being skipped, and three facts about it
    this.skipTurns = 0;
    this.skipFrom = 0;
    this.skipStep = PARTS;
    this.config = decodeConfig(this);
  },

  schedule(at) {
    this.nextAt = at;
    this.rp2040.chip.scheduler.pioDueBy(at);
  },

  /** The first tick of this machine's clock at `at` or later, and after its last instruction. */
  gridAfter(at) {
    const ticks = Math.ceil((at - this.lastAt) / this.period);
    return this.lastAt + (ticks < 1 ? 1 : ticks) * this.period;
  },

  stall(what) {
    this.stalled = true;
    this.waiting = true; // rp2040js's own name for it, read by its GPIO code
    this.waitType = what;
    this.nextAt = Infinity;
    return STALLED;
  },

  wake(at) {
    if (!this.stalled) return;
    this.stalled = false;
    this.waiting = false;
    if (this.enabled || this.execLatched) this.schedule(this.gridAfter(at));
  },

  /** rp2040js's GPIO code calls this when the pin that a "wait" names has changed. */
  checkWait() {
    if (!this.stalled || this.waitType !== WAIT_PIN) return;
    const level = this.rp2040.gpio[this.waitIndex]?.inputValue;
    if (level !== this.waitPolarity) return;
    const bypassed = (this.pio.inputSyncBypass >>> this.waitIndex) & 1;
    this.wake(this.rp2040.chip.time.nowParts() + (bypassed ? 0 : SYNCHRONISER));
  },

  step() {}, // rp2040js's own engine: never

  /** The instruction at `nextAt`. */
  tick(at) {
    if (this.skipping !== NO_LOOP) this.finishSkip();
    this.lastAt = at;
    const forced = this.execValid;
    const opcode = forced ? this.execOpcode : this.pio.instructions[this.pc];
    this.execValid = false;
    const result = this.execute(opcode, forced, at);
    if (result === STALLED || result === RETRY) {
      if (forced) this.putBack(opcode);
      if (result === RETRY) this.nextAt = at + this.period;
      return;
    }
    if (forced && this.execLatched) this.endForced();
    if (this.skipping === NO_LOOP) this.nextAt = at + this.duration(opcode);
    if (!this.enabled) this.nextAt = Infinity;
  },

  duration(opcode) {
    return (1 + ((opcode >> 8) & this.config.delayMask)) * this.period;
  },

  putBack(opcode) {
    this.execOpcode = opcode;
    this.execValid = true;
  },

  endForced() {
    this.execLatched = false;
    this.execCtrl = (this.execCtrl & ~EXEC_STALLED) >>> 0;
  },

  nextPC() {
    this.pc = this.pc === this.config.wrapTop ? this.config.wrapBottom : (this.pc + 1) & 31;
  },

  /** Whether a jump by `opcode` at `this.pc` is a loop to itself with nothing else going on. */
  loopsToItself(opcode, forced) {
    const { autopull, pullAt } = this.config;
    const refilling = autopull && this.outputShiftCount >= pullAt;
    return !forced && this.enabled && (opcode & 31) === this.pc && !refilling;
  },

  beginSkip(what, turns, opcode, at) {
    this.skipping = what;
    this.skipTurns = turns;
    this.skipFrom = at;
    this.skipStep = this.duration(opcode);
    this.nextAt = at + (turns + 1) * this.skipStep;
  },

  /** "jmp x--, itself" (or y): one event at its end instead of one for each turn. */
  skipCountdown(opcode, isY, at) {
    const turns = isY ? this.y : this.x;
    if (turns <= SHORTEST_SKIP) return false;
    this.beginSkip(isY ? COUNTING_Y : COUNTING_X, turns, opcode, at);
    return true;
  },

  /** "jmp itself": nothing happens until something is reconfigured. */
  park(opcode, at) {
    this.beginSkip(PARKED, Infinity, opcode, at);
  },

  setSkipped(value) {
    if (this.skipping === COUNTING_Y) this.y = value;
    else this.x = value;
    this.skipping = NO_LOOP;
  },

  finishSkip() {
    this.setSkipped(0xffffffff);
    this.nextPC();
  },

  /** Bring a skipped loop to where it is at `now`, for somebody is about to look or to touch. */
  settle(now) {
    if (this.skipping === NO_LOOP) return;
    const { skipFrom: from, skipStep: step, skipTurns: turns } = this;
    const whole = Math.floor((now - from) / step);
    if (this.skipping === PARKED) {
      this.skipping = NO_LOOP;
      this.lastAt = from + Math.max(0, whole) * step;
      this.schedule(this.lastAt + step);
      return;
    }
    const done = whole + 1;
    if (done > turns) return; // it ends by itself at nextAt
    this.setSkipped((turns - done) >>> 0);
    this.lastAt = from + whole * step;
    this.schedule(from + done * step);
  },

  /** CTRL.SM_RESTART (3.7): all but the registers X, Y and the program counter. */
  restart() {
    this.inputShiftCount = 0;
    this.outputShiftCount = 32;
    this.inputShiftReg = 0;
    this.stalled = false;
    this.waiting = false;
    this.execValid = false;
    this.execLatched = false;
    this.irqRaised = false;
    this.pushPending = false;
    this.skipping = NO_LOOP;
    this.execCtrl = (this.execCtrl & ~EXEC_STALLED) >>> 0;
    this.pio.txStall &= ~(TX_STALL << this.index);
    this.pio.rxStall &= ~(RX_STALL << this.index);
  },
};
