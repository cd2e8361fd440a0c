// Patch "uart": a PL011 with FIFOs, their thresholds, and characters that take their time (4.2).
//
// rp2040js sends at once and keeps TXINTR asserted for ever, so that machine.UART.write() hangs in
// a storm of interrupts.

import { FIFO } from 'rp2040js';
import { layOver } from './registers.mjs';

const AT = { DR: 0x00, RSR: 0x04, FR: 0x18, CR: 0x30, IFLS: 0x34, ICR: 0x44, DMACR: 0x48 };
const INT = { TX: 1 << 5, RX: 1 << 4, RX_TIMEOUT: 1 << 6, OVERRUN: 1 << 10 };
const FLAG = { TX_EMPTY: 1 << 7, RX_FULL: 1 << 6, TX_FULL: 1 << 5, RX_EMPTY: 1 << 4, BUSY: 1 << 3 };
const LINE = { PARITY_ENABLE: 1 << 1, TWO_STOPS: 1 << 3 }; // LCR_H
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
    const parity = control & LINE.PARITY_ENABLE ? 1 : 0;
    const stops = control & LINE.TWO_STOPS ? 2 : 1;
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
    if (this.txQueue.itemCount > this.txThreshold()) this.interruptStatus &= ~INT.TX;
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
      this.interruptStatus |= INT.TX;
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
    if (this.rxFIFO.full) this.interruptStatus |= INT.OVERRUN;
    else this.feedByte(byte);
    this.expectNext();
  },

  feedByte(byte) {
    this.rxFIFO.push(byte);
    if (this.rxFIFO.itemCount >= this.rxThreshold()) this.interruptStatus |= INT.RX;
    this.timeoutAlarm.schedule((this.characterNs() / 10) * TIMEOUT_BITS);
    this.rp2040.dma.setDREQ(this.dreq.rx);
    this.checkInterrupts();
  },

  timedOut() {
    if (this.rxFIFO.empty) return;
    this.interruptStatus |= INT.RX_TIMEOUT;
    this.checkInterrupts();
  },

  take() {
    const byte = this.rxFIFO.pull();
    if (this.rxFIFO.itemCount < this.rxThreshold()) this.interruptStatus &= ~INT.RX;
    if (this.rxFIFO.empty) {
      this.interruptStatus &= ~INT.RX_TIMEOUT;
      this.rp2040.dma.clearDREQ(this.dreq.rx);
    }
    this.checkInterrupts();
    return byte;
  },

  flagRegister() {
    return (
      (this.rxFIFO.full ? FLAG.RX_FULL : 0) |
      (this.rxFIFO.empty ? FLAG.RX_EMPTY : 0) |
      (this.txQueue.empty ? FLAG.TX_EMPTY : 0) |
      (this.txQueue.itemCount >= this.depth() ? FLAG.TX_FULL : 0) |
      (this.shifting || !this.txQueue.empty ? FLAG.BUSY : 0)
    );
  },
};

const ignored = () => 0;

const registers = {
  reads: {
    [AT.DR]() {
      return this.take();
    },

    [AT.FR]() {
      return this.flagRegister();
    },

    [AT.IFLS]() {
      return this.ifls;
    },

    [AT.DMACR]() {
      return this.dmacr;
    },

    [AT.RSR]: ignored,
    [AT.ICR]: ignored,
  },
  writes: {
    [AT.DR](value) {
      this.send(value & 0xff);
    },

    [AT.IFLS](value) {
      this.ifls = value & 0x3f;
    },

    [AT.DMACR](value) {
      this.dmacr = value & 7;
    },

    [AT.CR](value, stock) {
      stock(value);
      this.updateTxDreq();
    },

    [AT.RSR]: ignored,
  },
};

export const uart = {
  classes(mcu) {
    const { prototype } = mcu.uart[0].constructor;
    Object.assign(prototype, line);
    layOver(prototype, registers);
  },

  instance(chip) {
    chip.mcu.uart.forEach((one, index) => {
      one.powerOnLine();
      one.onByte = (byte) => chip.onUart[index]?.(byte);
    });
  },
};
