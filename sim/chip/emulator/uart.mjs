// Patch "uart": a PL011 with FIFOs, their thresholds, and characters that take their time (4.2).
//
// rp2040js sends at once and keeps TXINTR asserted for ever, so that machine.UART.write() hangs in
// a storm of interrupts.

import { FIFO } from 'rp2040js';

const DR = 0x00;
const RSR = 0x04;
const FR = 0x18;
const CR = 0x30;
const IFLS = 0x34;
const ICR = 0x44;
const DMACR = 0x48;
const TX_INT = 1 << 5;
const RX_INT = 1 << 4;
const RX_TIMEOUT_INT = 1 << 6;
const OVERRUN_INT = 1 << 10;
const TX_EMPTY = 1 << 7; // FR
const RX_FULL = 1 << 6;
const TX_FULL = 1 << 5;
const RX_EMPTY = 1 << 4;
const BUSY = 1 << 3;
const PARITY_ENABLE = 1 << 1; // LCR_H
const TWO_STOPS = 1 << 3;
const LOOPBACK = 1 << 7; // CR
const THRESHOLDS = [4, 8, 16, 24, 28]; // of 32, by IFLS
const RESET_IFLS = 0x12;
const DEPTH = 32;
const TIMEOUT_BITS = 32;

const line = {
  powerOnLine() {
    const { clock } = this.rp2040;
    this.txQueue = new FIFO(DEPTH);
    this.shifting = false;
    this.shiftByte = 0;
    this.ifls = RESET_IFLS;
    this.dmacr = 0;
    this.arriving = []; // bytes on their way from outside
    this.arrivingBusy = false;
    this.txAlarm = clock.createAlarm(() => this.sent());
    this.rxAlarm = clock.createAlarm(() => this.arrived());
    this.timeoutAlarm = clock.createAlarm(() => this.timedOut());
  },

  characterNs() {
    const control = this.lineCtrlRegister;
    const parity = control & PARITY_ENABLE ? 1 : 0;
    const stops = control & TWO_STOPS ? 2 : 1;
    return ((1 + this.wordLength + parity + stops) * 1e9) / (this.baudRate || 115200);
  },

  checkInterrupts() {
    this.rp2040.setInterrupt(this.irq, (this.interruptStatus & this.interruptMask) !== 0);
  },

  depth() {
    return this.fifosEnabled ? DEPTH : 1;
  },

  txThreshold() {
    return this.fifosEnabled ? THRESHOLDS[Math.min(4, this.ifls & 7)] : 0;
  },

  rxThreshold() {
    return this.fifosEnabled ? THRESHOLDS[Math.min(4, (this.ifls >> 3) & 7)] : 1;
  },

  // ---- out ----
  send(byte) {
    if (this.txQueue.itemCount < this.depth()) this.txQueue.push(byte);
    if (this.txQueue.itemCount > this.txThreshold()) this.interruptStatus &= ~TX_INT;
    this.startNext();
    this.updateTxDreq();
    this.checkInterrupts();
  },

  startNext() {
    if (this.shifting || this.txQueue.empty) return;
    const before = this.txQueue.itemCount;
    const threshold = this.txThreshold();
    this.shiftByte = this.txQueue.pull();
    this.shifting = true;
    this.txAlarm.schedule(this.characterNs());
    const crossed = before > threshold && this.txQueue.itemCount <= threshold;
    if (crossed || (before <= threshold && this.txQueue.empty)) {
      this.interruptStatus |= TX_INT;
      this.checkInterrupts();
    }
    this.updateTxDreq();
  },

  sent() {
    const byte = this.shiftByte;
    this.shifting = false;
    this.startNext();
    if (this.ctrlRegister & LOOPBACK) this.feedByte(byte);
    this.onByte?.(byte);
  },

  updateTxDreq() {
    const { dma } = this.rp2040;
    if (this.enabled && this.txQueue.itemCount < this.depth()) dma.setDREQ(this.dreq.tx);
    else dma.clearDREQ(this.dreq.tx);
  },

  // ---- in ----
  /** Bytes from outside, one character time each. */
  receive(bytes) {
    this.arriving.push(...bytes);
    this.expectNext();
  },

  expectNext() {
    if (this.arrivingBusy || this.arriving.length === 0) return;
    this.arrivingBusy = true;
    this.rxAlarm.schedule(this.characterNs());
  },

  arrived() {
    this.arrivingBusy = false;
    if (this.arriving.length === 0) return;
    const byte = this.arriving.shift();
    if (this.rxFIFO.full) this.interruptStatus |= OVERRUN_INT;
    else this.feedByte(byte);
    this.expectNext();
  },

  feedByte(byte) {
    this.rxFIFO.push(byte);
    if (this.rxFIFO.itemCount >= this.rxThreshold()) this.interruptStatus |= RX_INT;
    this.timeoutAlarm.schedule((this.characterNs() / 10) * TIMEOUT_BITS);
    this.rp2040.dma.setDREQ(this.dreq.rx);
    this.checkInterrupts();
  },

  timedOut() {
    if (this.rxFIFO.empty) return;
    this.interruptStatus |= RX_TIMEOUT_INT;
    this.checkInterrupts();
  },

  take() {
    const byte = this.rxFIFO.pull();
    if (this.rxFIFO.itemCount < this.rxThreshold()) this.interruptStatus &= ~RX_INT;
    if (this.rxFIFO.empty) {
      this.interruptStatus &= ~RX_TIMEOUT_INT;
      this.rp2040.dma.clearDREQ(this.dreq.rx);
    }
    this.checkInterrupts();
    return byte;
  },

  flagRegister() {
    return (
      (this.rxFIFO.full ? RX_FULL : 0) |
      (this.rxFIFO.empty ? RX_EMPTY : 0) |
      (this.txQueue.empty ? TX_EMPTY : 0) |
      (this.txQueue.itemCount >= this.depth() ? TX_FULL : 0) |
      (this.shifting || !this.txQueue.empty ? BUSY : 0)
    );
  },
};

function registers(stock) {
  return {
    readUint32(offset) {
      switch (offset) {
        case DR:
          return this.take();
        case FR:
          return this.flagRegister();
        case IFLS:
          return this.ifls;
        case DMACR:
          return this.dmacr;
        case RSR:
        case ICR:
          return 0;
        default:
          return stock.readUint32.call(this, offset);
      }
    },

    writeUint32(offset, value) {
      if (offset === DR) this.send(value & 0xff);
      else if (offset === IFLS) this.ifls = value & 0x3f;
      else if (offset === DMACR) this.dmacr = value & 7;
      else if (offset !== RSR) {
        stock.writeUint32.call(this, offset, value);
        if (offset === CR) this.updateTxDreq();
      }
    },
  };
}

export const uart = {
  name: 'uart',
  section: '4.2',
  restores: 'FIFOs with thresholds and timeouts, characters that take their time',

  classes(mcu) {
    const { prototype } = mcu.uart[0].constructor;
    const { readUint32, writeUint32 } = prototype;
    Object.assign(prototype, line, registers({ readUint32, writeUint32 }));
  },

  instance(chip) {
    chip.mcu.uart.forEach((one, index) => {
      one.powerOnLine();
      one.onByte = (byte) => chip.onUart[index]?.(byte);
    });
  },
};
