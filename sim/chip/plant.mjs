// Stage and dummy load at the emulated pins: edges in, what the ADC reads out.
//
// The words are decoded at the pins as the stage's chips would (plant/frames.mjs), become a current
// or a voltage (plant/stage.mjs), flow into the load (plant/load.mjs) and are read back by the ADC.
// As on the bench the load is connected only while GATE and RUN are both high.

import { LadderPort, SerialPort } from './plant/frames.mjs';
import { Load } from './plant/load.mjs';
import { Stage } from './plant/stage.mjs';

const FULL_SCALE = 4095;
const FIRST_ADC_PIN = 26;
const FRAMES_KEPT = 1 << 20;
const NS = 1e-9;

export class Plant {
  /**
   * `facts`, in SI units: {pins: {name: gpio}, stage, load (as chip.plant_facts gives them),
   * sense: {zero, amps_per_lsb, volts_per_lsb}, id_code}.
   */
  constructor(facts) {
    this.facts = facts;
    this.stage = new Stage(facts.stage);
    this.load = new Load(facts.load, facts.stage);
    this.load.apply(0, this.stage.demand());
    this.port = new (this.stage.isLadder ? LadderPort : SerialPort)(facts.pins);
    this.gate = { gate: 0, run: 0 };
    this.frames = []; // [cycle, DAC word or ladder code, switch word]
    this.idCode = facts.id_code;
  }

  connect(chip) {
    this.chip = chip;
    const { pins } = this.facts;
    chip.pads.watchers.add((pin, level, cycle) => this.edge(pin, level, cycle));
    this.source(pins.sense_current, () => this.currentCode());
    this.source(pins.sense_voltage, () => this.voltageCode());
    this.source(pins.load_id, () => this.idCode);
  }

  source(pin, code) {
    this.chip.adcSource[pin - FIRST_ADC_PIN] = code;
  }

  seconds(cycle = this.chip.time.cycles) {
    return this.chip.time.nanosAt(cycle) * NS;
  }

  edge(pin, level, cycle) {
    const { pins } = this.facts;
    if (pin === pins.gate || pin === pins.run) {
      this.gate[pin === pins.gate ? 'gate' : 'run'] = level;
      this.stage.connected = this.gate.gate === 1 && this.gate.run === 1;
    } else {
      const word = this.port.edge(pin, level);
      if (!word) return;
      this.stage.latch(word);
      this.record(Math.ceil(cycle), word);
    }
    this.load.apply(this.seconds(cycle), this.stage.demand());
  }

  /** Pins of a ladder that change in one cycle are one word. */
  record(cycle, { dac, switches }) {
    const { frames } = this;
    if (this.stage.isLadder && frames.at(-1)?.[0] === cycle) frames.pop();
    if (frames.length < FRAMES_KEPT) frames.push([cycle, dac, switches]);
  }

  currentCode() {
    const { sense } = this.facts;
    return this.code(sense.zero + this.load.currentA(this.seconds()) / sense.amps_per_lsb);
  }

  voltageCode() {
    const { sense } = this.facts;
    return this.code(sense.zero + this.load.voltageV(this.seconds()) / sense.volts_per_lsb);
  }

  code(value) {
    return Math.min(Math.max(Math.round(value), 0), FULL_SCALE);
  }

  takeFrames(clear) {
    const { frames } = this;
    if (clear) this.frames = [];
    return frames;
  }

  /** The lead becomes 'healthy', 'open lead' or 'short'. */
  setCondition(condition) {
    this.load.conditionAt(this.seconds(), condition);
  }

  now() {
    const at = this.seconds();
    const { load, stage } = this;
    return {
      current_a: load.currentA(at),
      voltage_v: load.voltageV(at),
      capacitor_v: load.capacitorV(at),
      charge_c: load.charge(at),
      mode: load.mode.name,
      code: stage.code,
      cathodes: stage.cathodes,
      anodes: stage.anodes,
      connected: stage.connected,
      bad_frames: this.port.badFrames,
      condition: load.condition,
    };
  }
}
