// FIFOs of a state machine: joining (3.5.3), autopull in the background (3.5.4), and who wakes
// whom.
//
// rp2040js has four words each way whatever SHIFTCTRL says, and refills the OSR only at an OUT.
// Mixed into StateMachine.prototype.

import { FIFO } from 'rp2040js';
import { RX_STALL, RX_UNDER, TX_OVER, TX_STALL, WAIT_OUT, WAIT_RX, WAIT_TX } from './codes.mjs';

const JOIN_TX = 1 << 30; // SHIFTCTRL
const JOIN_RX = 1 << 31;
const DEPTH = 4;

export const fifos = {
  /** A change of either join bit also empties both FIFOs. */
  resizeFifos() {
    const joinTx = (this.shiftCtrl & JOIN_TX) !== 0;
    const joinRx = (this.shiftCtrl & JOIN_RX) !== 0;
    this.txFIFO = new FIFO(joinTx ? 2 * DEPTH : joinRx ? 0 : DEPTH);
    this.rxFIFO = new FIFO(joinRx ? 2 * DEPTH : joinTx ? 0 : DEPTH);
    this.updateDMATx();
    this.updateDMARx();
    this.pio.interruptsMayHaveChanged();
  },

  pullWord() {
    this.outputShiftReg = this.txFIFO.pull();
    this.outputShiftCount = 0;
    this.updateDMATx();
    this.pio.interruptsMayHaveChanged();
  },

  pushWord() {
    this.rxFIFO.push(this.inputShiftReg);
    this.inputShiftReg = 0;
    this.inputShiftCount = 0;
    this.pio.rxStall &= ~(RX_STALL << this.index);
    this.updateDMARx();
    this.pio.interruptsMayHaveChanged();
  },

  noteTxStall() {
    this.pio.txStall |= this.noteInDebug(TX_STALL);
  },

  noteRxStall() {
    this.pio.rxStall |= this.noteInDebug(RX_STALL);
  },

  /** Set this machine's bit of FDEBUG and give it back. */
  noteInDebug(flag) {
    const bit = flag << this.index;
    this.pio.fdebug |= bit;
    return bit;
  },

  clearTxStall() {
    this.pio.txStall &= ~(TX_STALL << this.index);
  },

  /** "push noblock" on a full FIFO: the word is lost, and FDEBUG says so. */
  noteLostPush() {
    this.noteInDebug(RX_STALL);
    this.inputShiftReg = 0;
    this.inputShiftCount = 0;
  },

  osrIsSpent() {
    return this.config.autopull && this.outputShiftCount >= this.config.pullAt;
  },

  /** Autopull on a cycle that does not need the OSR. */
  refill() {
    if (this.osrIsSpent() && !this.txFIFO.empty) this.pullWord();
  },

  /** A word has come while the machine is in delay cycles or stalled on something else. */
  refillBetweenInstructions(now) {
    if (!this.enabled) return;
    const free = this.stalled ? this.waitType !== WAIT_OUT : this.nextAt - this.period >= now;
    if (free) this.refill();
  },

  writeFIFO(word) {
    if (this.txFIFO.full) {
      this.noteInDebug(TX_OVER);
      return;
    }
    this.txFIFO.push(word);
    const now = this.rp2040.chip.time.nowParts();
    this.refillBetweenInstructions(now);
    this.updateDMATx();
    if (this.waitType === WAIT_TX || this.waitType === WAIT_OUT) this.wake(now);
    this.pio.interruptsMayHaveChanged();
  },

  readFIFO() {
    if (this.rxFIFO.empty) {
      this.noteInDebug(RX_UNDER);
      return 0;
    }
    const word = this.rxFIFO.pull();
    this.updateDMARx();
    if (this.waitType === WAIT_RX) this.wake(this.rp2040.chip.time.nowParts());
    this.pio.interruptsMayHaveChanged();
    return word;
  },
};
