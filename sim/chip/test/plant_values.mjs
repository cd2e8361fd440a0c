// Reads {facts, events} from stdin, events being [cycle, kind, …]; prints what stands at each
// "probe": {current_a, voltage_v, charge_c, mode, codes}. The plant is driven at its pins and read
// by its ADC sources, as the chip does. tests/sim/test_chip_plant.py holds the values against
// scs_sim's.

import fs from 'node:fs';
import { Plant } from '../plant.mjs';

const NS_PER_CYCLE = 8;
const VOLTAGE_LATER = 250; // cycles: the ADC converts the two channels by turns

const { facts, events } = JSON.parse(fs.readFileSync(0, 'utf8'));
const { pins } = facts;
const time = { cycles: 0, nanosAt: (cycle) => cycle * NS_PER_CYCLE };
const chip = { time, adcSource: [], pads: { watchers: new Set() } };
const plant = new Plant(facts);
plant.connect(chip);

function drive(pin, level) {
  for (const watcher of chip.pads.watchers) watcher(pin, level, time.cycles);
}

function shift(dac, switches) {
  drive(pins.ncs, 0);
  for (let bit = 15; bit >= 0; bit -= 1) {
    drive(pins.sdi_dac, (dac >> bit) & 1);
    drive(pins.sdi_switch, (switches >> bit) & 1);
    drive(pins.sck, 1);
    drive(pins.sck, 0);
  }
  drive(pins.ncs, 1);
}

function probe() {
  const { current_a, voltage_v, charge_c, mode } = plant.now();
  const [current, voltage] = [pins.sense_current, pins.sense_voltage].map((pin) => pin - 26);
  const codes = [chip.adcSource[current]()];
  time.cycles += VOLTAGE_LATER;
  codes.push(chip.adcSource[voltage]());
  return { current_a, voltage_v, charge_c, mode, codes };
}

const probes = [];
const kinds = {
  serial: shift,
  ladder: (code) => {
    for (let bit = 0; bit < 8; bit += 1) drive(pins[`data${bit}`], (code >> bit) & 1);
  },
  gate: (gate, run) => {
    drive(pins.gate, gate);
    drive(pins.run, run);
  },
  lead: (condition) => plant.setCondition(condition),
  probe: () => probes.push(probe()),
};

for (const [cycle, kind, ...details] of events) {
  time.cycles = cycle;
  kinds[kind](...details);
}
process.stdout.write(JSON.stringify(probes));
