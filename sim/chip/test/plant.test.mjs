// The plant at the pins of a chip, with numbers worked out by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Plant } from '../plant.mjs';
import { LadderPort, SerialPort } from '../plant/frames.mjs';
import { Load } from '../plant/load.mjs';
import { dacCode } from '../plant/stage.mjs';
import { Bench } from '../rig/bench.mjs';
import { CYCLES_PER_US, sleepingChip } from './support.mjs';

const PINS = {
  ...{ sdi_dac: 2, sdi_switch: 3, sck: 4, ncs: 5, active: 6, sync: 7, run: 8, gate: 9 },
  ...{ sense_current: 26, sense_voltage: 27, load_id: 28 },
};

/** mcp4922-8 without errors, into 500 ohm and 2.5 uF. */
const FACTS = {
  pins: PINS,
  stage: {
    ...{ kind: 'current', amps_per_code: 6.25e-6, volts_per_code: 0, source_ohm: 0 },
    ...{ code_mid: 2048, compliance_v: 15, switch_ohm: 100, gain_mismatch_ppm: 0, offset_a: 0 },
    ...{ code_span: 2047, inl_codes: 0, bleed_ohm: 10_000 },
  },
  load: { series_ohm: 500, elements: [[2.5e-6, null]] },
  sense: { zero: 2048, amps_per_lsb: 12.5e-6, volts_per_lsb: 8e-3 },
  id_code: 2816,
};

function bench(facts = FACTS) {
  const chip = sleepingChip();
  return new Bench(chip, new Plant(facts));
}

/** Shift a frame in at the pins, all within the present cycle. */
function shift({ chip }, dac, switches, clocks = 16) {
  const { pads } = chip;
  pads.drive(PINS.ncs, 1);
  pads.drive(PINS.ncs, 0);
  for (let bit = clocks - 1; bit >= 0; bit -= 1) {
    pads.drive(PINS.sdi_dac, (dac >> bit) & 1);
    pads.drive(PINS.sdi_switch, (switches >> bit) & 1);
    pads.drive(PINS.sck, 1);
    pads.drive(PINS.sck, 0);
  }
  pads.drive(PINS.ncs, 1);
}

function connect({ chip }, gate = 1, run = 1) {
  chip.pads.drive(PINS.gate, gate);
  chip.pads.drive(PINS.run, run);
}

const near = (value, wanted, within = 1e-9) =>
  assert.ok(Math.abs(value - wanted) <= within, `${value} is not ${wanted}`);

test('a frame at the pins becomes a current, and the ADC reads it', () => {
  const one = bench();
  connect(one);
  shift(one, 0x3000 | (2048 - 320), 0x0102); // E0 to source, E1 to return, -2 mA
  near(one.plant.now().current_a, -2e-3);
  assert.equal(one.chip.adcSource[0](), 2048 - 160); // 12.5 uA a code
  assert.equal(one.chip.adcSource[1](), 2048 - 125); // -1 V at 8 mV a code
  assert.equal(one.chip.adcSource[2](), 2816);
});

test('2 mA for 200 us put 0.16 V on 2.5 uF and 0.4 uC through the load', () => {
  const one = bench();
  connect(one);
  shift(one, 0x3000 | (2048 + 320), 0x0102);
  one.step(200_000);
  const now = one.plant.now();
  near(now.capacitor_v, 0.16);
  near(now.voltage_v, 1.16);
  near(now.charge_c, 0.4e-6, 1e-12);
});

test('either of GATE and RUN disconnects the load', () => {
  for (const [gate, run] of [
    [0, 1],
    [1, 0],
  ]) {
    const one = bench();
    connect(one);
    shift(one, 0x3000 | (2048 + 320), 0x0102);
    connect(one, gate, run);
    assert.deepEqual([one.plant.now().mode, one.plant.now().current_a], ['bled', 0]);
  }
});

test('passive discharge: 0.16 V over 600 ohm, a time constant of 1.5 ms', () => {
  const one = bench();
  connect(one);
  shift(one, 0x3000 | (2048 + 320), 0x0102);
  one.step(200_000);
  shift(one, 0x3000 | 2048, 0x0003); // both contacts to return
  near(one.plant.now().current_a, -0.16 / 600, 1e-8);
  one.step(1.5e6);
  near(one.plant.now().capacitor_v, 0.16 / Math.E, 1e-7);
});

test('the current falls when the compliance is reached', () => {
  const load = new Load({ series_ohm: 1000, elements: [[1e-6, null]] });
  load.apply(0, { mode: 'driven', value: 0.01, limitV: 15, sourceOhm: 0 });
  near(load.currentA(499e-6), 0.01); // 10 V + 5 V at 500 us
  near(load.voltageV(500e-6), 15);
  near(load.currentA(500e-6 + 1e-3), 0.01 / Math.E, 1e-9); // then 1 ms of R C
  near(load.voltageV(2e-3), 15);
});

test('an open lead shows the compliance, a shorted one no voltage', () => {
  const one = bench();
  connect(one);
  shift(one, 0x3000 | (2048 + 320), 0x0102);
  one.plant.setCondition('open lead');
  assert.deepEqual([one.plant.now().current_a, one.plant.now().voltage_v], [0, 15]);
  one.plant.setCondition('short');
  near(one.plant.now().current_a, 2e-3);
  near(one.plant.now().voltage_v, 2e-3, 1e-5); // a bridge of 1 ohm
  assert.throws(() => one.plant.setCondition('loose'), /healthy/);
});

test('frames are kept with the cycle of their latch; one of 15 clocks changes nothing', () => {
  const one = bench();
  shift(one, 0x3800, 0x0102);
  one.step(8_000);
  shift(one, 0x3900, 0x0201, 15);
  shift(one, 0x3a00, 0x0201);
  assert.deepEqual(one.plant.takeFrames(true), [
    [0, 0x3800, 0x0102],
    [8 * CYCLES_PER_US, 0x3a00, 0x0201],
  ]);
  assert.equal(one.plant.now().bad_frames, 1);
  assert.deepEqual(one.plant.takeFrames(false), []);
});

test('a reset of the chip disconnects the load', () => {
  const one = bench();
  const { chip, plant } = one;
  chip.mcu.writeUint32(0x40014004 + 8 * PINS.gate, 5); // SIO drives the gate
  chip.mcu.writeUint32(0xd0000024, 1 << PINS.gate);
  chip.mcu.writeUint32(0xd0000014, 1 << PINS.gate);
  chip.pads.drive(PINS.run, 1);
  assert.equal(plant.now().connected, true);
  chip.reset('watchdog');
  assert.equal(plant.now().connected, false);
});

test('MCP4922: channel B, shut down, and gain 2', () => {
  assert.equal(dacCode(0xb123, 7, 2048), 7);
  assert.equal(dacCode(0x2123, 7, 2048), 2048);
  assert.equal(dacCode(0x3123, 7, 2048), 0x123);
  assert.equal(dacCode(0x1123, 7, 2048), 0x246);
});

test('the ladder: 64 codes are 0.825 V behind 1 kohm', () => {
  const pins = { ...PINS };
  for (let bit = 0; bit < 8; bit += 1) pins[`data${bit}`] = 10 + bit;
  const stage = { ...FACTS.stage, kind: 'ladder', volts_per_code: 3.3 / 256, source_ohm: 1000 };
  const load = { series_ohm: 500, elements: [] };
  const facts = { ...FACTS, pins, load, stage: { ...stage, code_mid: 128 } };
  const one = bench(facts);
  connect(one);
  for (let bit = 0; bit < 8; bit += 1) one.chip.pads.drive(10 + bit, (192 >> bit) & 1);
  near(one.plant.now().current_a, 0.825 / 1500, 1e-9);
  assert.deepEqual(one.plant.takeFrames(false), [[0, 192, 0]]); // one word, though two pins moved
});

test('the ports wait for their pins', () => {
  assert.equal(new SerialPort(PINS).edge(PINS.sck, 1), null);
  assert.equal(new LadderPort({ data0: 10 }).edge(11, 1), null);
});
