// The output stages: what latched words make of the load. The twin of sim/scs_sim/circuit/stage.py, with
// its assumptions: real errors are half of the declared worst, INL is a sine over the span, ACTIVE
// is low where the code is mid-scale.

import { BLED, DRIVEN, OPEN, SHORTED, SOURCED } from './circuit.mjs';

const ERROR_SHARE = 0.5;

// MCP4922 write command (Microchip DS22250A, register 5-1)
const CHANNEL_B = 0x8000;
const GAIN_1 = 0x2000;
const ON = 0x1000;
const CODE = 0x0fff;

/** The code that channel A puts out after a write, in codes of gain 1. */
export function dacCode(word, before, middle) {
  if (word & CHANNEL_B) return before;
  if (!(word & ON)) return middle;
  const code = word & CODE;
  return word & GAIN_1 ? code : Math.min(2 * code, CODE);
}

const severalBits = (mask) => (mask & (mask - 1)) !== 0;

export class Stage {
  /** `row`: electrical()["stage"] of a combination in boards.yaml, SI units. */
  constructor(row) {
    this.row = row;
    this.isLadder = row.kind === 'ladder';
    this.code = row.code_mid;
    this.cathodes = 0; // contacts, one bit each
    this.anodes = 0;
    this.connected = false; // GATE and RUN both high
    this.gainError = (ERROR_SHARE * row.gain_mismatch_ppm * 1e-6) / 2;
    this.offsetA = ERROR_SHARE * row.offset_a;
    this.inlCodes = ERROR_SHARE * row.inl_codes;
  }

  latch({ dac, switches }) {
    if (this.isLadder) {
      this.code = dac;
      return;
    }
    this.code = dacCode(dac, this.code, this.row.code_mid);
    this.cathodes = switches >> 8;
    this.anodes = switches & 0xff;
  }

  /** What the load gets now: {mode, value, limitV, sourceOhm}. */
  demand() {
    const { row, cathodes, anodes } = this;
    const bled = { mode: BLED, value: 0, limitV: Infinity, sourceOhm: row.bleed_ohm };
    if (!this.connected) return bled;
    if (this.isLadder) {
      const volts = this.output() + this.offsetA * row.source_ohm;
      return { mode: SOURCED, value: volts, limitV: Infinity, sourceOhm: row.source_ohm };
    }
    if (cathodes && anodes && !(cathodes & anodes)) {
      if (row.soft_ohm && this.code === row.code_mid) {
        // ACTIVE is low: the pump is isolated, its contacts discharge through the resistor
        const ohm = row.switch_ohm + row.soft_ohm;
        return { mode: SHORTED, value: 0, limitV: Infinity, sourceOhm: ohm };
      }
      const amps = this.output() + this.offsetA;
      return { mode: DRIVEN, value: amps, limitV: row.compliance_v, sourceOhm: 0 };
    }
    const tied = severalBits(cathodes) || severalBits(anodes) || (cathodes & anodes) !== 0;
    const mode = tied ? SHORTED : OPEN;
    return { mode, value: 0, limitV: Infinity, sourceOhm: row.switch_ohm };
  }

  /** The code's current or voltage: bent by the INL, and each polarity with its own gain. */
  output() {
    const { row } = this;
    const offset = this.code - row.code_mid;
    const gain = offset > 0 ? 1 + this.gainError : 1 - this.gainError;
    const bent = offset + this.inlCodes * Math.sin((Math.PI * offset) / row.code_span);
    return bent * (this.isLadder ? row.volts_per_code : row.amps_per_code) * gain;
  }
}
