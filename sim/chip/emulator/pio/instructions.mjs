// The nine instructions (3.4): what each one does, but for those of shifting.mjs. Mixed into
// StateMachine.prototype.
//
// Each gets the low byte of its opcode and gives back NEXT, JUMPED, STALLED or RETRY.

import { JUMPED, NEXT, WAIT_IRQ, WAIT_PIN, irqFlag, reversed } from './codes.mjs';

// destinations of OUT, MOV and SET
const PINS = 0;
const X = 1;
const Y = 2;
const PINDIRS = 4;
const MOV_EXEC = 4;
const MOV_PC = 5;
const MOV_ISR = 6;
const MOV_OSR = 7;

export const instructions = {
  /** Side-set, then the instruction, then the OSR's refill. `forced`: not from the program. */
  execute(opcode, forced, at) {
    this.applySideSet(opcode);
    const result = this.perform(opcode, forced, at);
    this.refill();
    if (result === NEXT && !forced) this.nextPC();
    return result;
  },

  perform(opcode, forced, at) {
    const low = opcode & 0xff;
    switch (opcode >> 13) {
      case 0:
        return this.doJump(opcode, forced, at);
      case 1:
        return this.doWait(low, at);
      case 2:
        return this.doIn(low, at);
      case 3:
        return this.doOut(low);
      case 4:
        return low & 0x80 ? this.doPull(low) : this.doPush(low);
      case 5:
        return this.doMov(low, at);
      case 6:
        return this.doIrq(low);
      default:
        return this.doSet(low);
    }
  },

  doJump(opcode, forced, at) {
    const condition = (opcode >> 5) & 7;
    if (condition === 2 || condition === 4) {
      return this.countDown(opcode, condition === 4, forced, at);
    }
    if (!this.jumpTaken(condition, at)) return NEXT;
    if (condition === 0 && this.loopsToItself(opcode, forced)) this.park(opcode, at);
    else this.pc = opcode & 31;
    return JUMPED;
  },

  jumpTaken(condition, at) {
    switch (condition) {
      case 0:
        return true;
      case 1:
        return this.x === 0;
      case 3:
        return this.y === 0;
      case 5:
        return this.x >>> 0 !== this.y >>> 0;
      case 6:
        return this.pinSeen(this.config.jumpPin, at);
      default:
        return this.outputShiftCount < this.config.pullAt;
    }
  },

  /** "jmp x--" and "jmp y--": the test is on the value before the decrement. */
  countDown(opcode, isY, forced, at) {
    const before = isY ? this.y : this.x;
    if (before !== 0 && this.loopsToItself(opcode, forced)) {
      if (this.skipCountdown(opcode, isY, at)) return JUMPED;
    }
    const after = (before - 1) >>> 0;
    if (isY) this.y = after;
    else this.x = after;
    if (before === 0) return NEXT;
    this.pc = opcode & 31;
    return JUMPED;
  },

  doWait(low, at) {
    const polarity = (low & 0x80) !== 0;
    const source = (low >> 5) & 3;
    if (source < 2) {
      const offset = source === 1 ? this.config.inBase : 0;
      const pin = ((low & 31) + offset) & 31;
      return this.pinSeen(pin, at) === polarity ? NEXT : this.waitFor(WAIT_PIN, pin, polarity);
    }
    if (source !== 2) return NEXT; // reserved
    const flag = irqFlag(low & 31, this.index);
    const raised = (this.pio.irq & (1 << flag)) !== 0;
    if (raised !== polarity) return this.waitFor(WAIT_IRQ, flag, polarity);
    if (polarity) this.clearIrq(flag); // a wait for 1 clears the flag
    return NEXT;
  },

  waitFor(what, index, polarity) {
    this.waitIndex = index;
    this.waitPolarity = polarity;
    return this.stall(what);
  },

  clearIrq(flag) {
    this.pio.irq &= ~(1 << flag);
    this.pio.irqUpdated();
  },

  store(destination, value, pinBase, pinCount) {
    switch (destination) {
      case PINS:
        this.pio.pinValuesChanged(value, pinBase, pinCount);
        break;
      case X:
        this.x = value;
        break;
      case Y:
        this.y = value;
        break;
      case PINDIRS:
        this.pio.pinDirectionsChanged(value, pinBase, pinCount);
        break;
      default:
    }
  },

  doMov(low, at) {
    const source = low & 7;
    const operation = (low >> 3) & 3;
    let value = source === PINS ? this.pinsSeen(at) : this.inSourceValue(source) >>> 0;
    if (operation === 1) value = ~value >>> 0;
    else if (operation === 2) value = reversed(value);
    return this.movTo(low >> 5, value);
  },

  movTo(destination, value) {
    switch (destination) {
      case MOV_EXEC:
        this.putBack(value & 0xffff);
        return NEXT;
      case MOV_PC:
        this.pc = value & 31;
        return JUMPED;
      case MOV_ISR:
        this.inputShiftReg = value;
        this.inputShiftCount = 0;
        return NEXT;
      case MOV_OSR:
        this.outputShiftReg = value;
        this.outputShiftCount = 0;
        return NEXT;
      default:
        this.store(destination, value, this.config.outBase, this.config.outCount);
        return NEXT;
    }
  },

  doIrq(low) {
    if (low & 0x80) return NEXT; // reserved
    const flag = irqFlag(low & 31, this.index);
    if (low & 0x40) {
      this.clearIrq(flag);
      return NEXT;
    }
    if (!this.irqRaised) {
      this.pio.irq |= 1 << flag;
      this.pio.irqUpdated();
    }
    if ((low & 0x20) === 0) return NEXT;
    const answered = this.irqRaised && (this.pio.irq & (1 << flag)) === 0;
    this.irqRaised = !answered;
    return answered ? NEXT : this.waitFor(WAIT_IRQ, flag, false);
  },

  doSet(low) {
    this.store(low >> 5, low & 31, this.config.setBase, this.config.setCount);
    return NEXT;
  },
};
