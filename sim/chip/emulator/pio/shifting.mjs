// IN, OUT, PUSH and PULL (3.4.4 to 3.4.7): shift registers and FIFOs. Mixed into
// StateMachine.prototype; each gives back NEXT, JUMPED, STALLED or RETRY.

import { JUMPED, NEXT, RETRY, WAIT_OUT, WAIT_RX, WAIT_TX } from './codes.mjs';

const PINS = 0; // source of IN
const OUT_PC = 5;
const OUT_ISR = 6;
const OUT_EXEC = 7;

export const shifting = {
  doIn(low, at) {
    if (!this.pushPending) this.shiftIn(low, at);
    this.pushPending = false;
    if (!this.config.autopush || this.inputShiftCount < this.config.pushAt) return NEXT;
    if (!this.rxFIFO.full) {
      this.pushWord();
      return NEXT;
    }
    this.noteRxStall();
    this.pushPending = true;
    return this.stall(WAIT_RX);
  },

  shiftIn(low, at) {
    const source = low >> 5;
    const bits = low & 31;
    const value = source === PINS ? this.pinsSeen(at) : this.inSourceValue(source) >>> 0;
    if (bits === 0) {
      this.inputShiftReg = value;
      this.inputShiftCount = 32;
      return;
    }
    const taken = value & ((1 << bits) - 1);
    const before = this.inputShiftReg;
    this.inputShiftReg = this.config.shiftInRight
      ? ((before >>> bits) | (taken << (32 - bits))) >>> 0
      : ((before << bits) | taken) >>> 0;
    this.inputShiftCount = Math.min(32, this.inputShiftCount + bits);
  },

  doOut(low) {
    if (this.osrIsSpent()) {
      if (this.txFIFO.empty) {
        this.noteTxStall();
        return this.stall(WAIT_OUT);
      }
      this.clearTxStall();
      this.pullWord();
      return RETRY;
    }
    const bits = low & 31 || 32;
    return this.outTo(low >> 5, this.shiftOut(bits), bits);
  },

  shiftOut(bits) {
    const before = this.outputShiftReg;
    let value;
    if (bits === 32) {
      value = before >>> 0;
      this.outputShiftReg = 0;
    } else if (this.config.shiftOutRight) {
      value = before & ((1 << bits) - 1);
      this.outputShiftReg = before >>> bits;
    } else {
      value = before >>> (32 - bits);
      this.outputShiftReg = (before << bits) >>> 0;
    }
    this.outputShiftCount = Math.min(32, this.outputShiftCount + bits);
    return value >>> 0;
  },

  outTo(destination, value, bits) {
    switch (destination) {
      case OUT_PC:
        this.pc = value & 31;
        return JUMPED;
      case OUT_ISR:
        this.inputShiftReg = value;
        this.inputShiftCount = bits;
        return NEXT;
      case OUT_EXEC:
        this.putBack(value & 0xffff);
        return NEXT;
      default: // pins, directions, X and Y as for MOV and SET; 3 throws the bits away
        this.store(destination, value, this.config.outBase, this.config.outCount);
        return NEXT;
    }
  },

  doPull(low) {
    const block = (low & 0x20) !== 0;
    const ifEmpty = (low & 0x40) !== 0;
    if (ifEmpty && this.outputShiftCount < this.config.pullAt) return NEXT;
    if (this.config.autopull && this.outputShiftCount === 0) return NEXT; // full: a barrier only
    if (!this.txFIFO.empty) {
      this.clearTxStall();
      this.pullWord();
      return NEXT;
    }
    if (block) {
      this.noteTxStall();
      return this.stall(WAIT_TX);
    }
    this.outputShiftReg = this.x; // "pull noblock" on an empty FIFO copies X
    this.outputShiftCount = 0;
    return NEXT;
  },

  doPush(low) {
    const block = (low & 0x20) !== 0;
    const ifFull = (low & 0x40) !== 0;
    if (ifFull && this.inputShiftCount < this.config.pushAt) return NEXT;
    if (!this.rxFIFO.full) {
      this.pushWord();
      return NEXT;
    }
    if (block) {
      this.noteRxStall();
      return this.stall(WAIT_RX);
    }
    this.noteLostPush();
    return NEXT;
  },
};
