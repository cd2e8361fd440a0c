// Stepping, appointments, faults and the edge log.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench } from '../rig/bench.mjs';
import { commands } from '../rig/control.mjs';
import { putIn } from '../rig/faults.mjs';
import { Pace } from '../rig/pace.mjs';
import { UsbLink } from '../rig/server.mjs';
import { RAM, enable, loadMachine, put, read, runFor, sleepingChip, write } from './support.mjs';

const PIO0_TXF0 = 0x50200010;
const DMA = 0x50000000;

/** A pin that is high for 100 cycles of every 200. */
function blinking() {
  const chip = sleepingChip();
  loadMachine(chip, [0xe001 | (31 << 8), 0xa042 | (31 << 8), 0xe000 | (31 << 8)]);
  const bench = new Bench(chip, null);
  bench.edges.watch([2]);
  enable(chip);
  return bench;
}

test('a step ends at its nanosecond, whatever happens in it', () => {
  const bench = blinking();
  bench.step(12_345);
  assert.ok(Math.abs(bench.chip.time.nanos - 12_345) <= 4);
});

test('a step ends at the edge that it waits for', () => {
  const bench = blinking();
  assert.equal(bench.step(1e6, { pin: 2, level: 0 }), true);
  const [[up], [down]] = bench.edges.list();
  assert.equal(down - up, 64);
  assert.equal(bench.chip.time.cycles, down);
  assert.equal(bench.step(1e4, { pin: 9, level: 1 }), false);
});

test('appointments are kept at their cycle, in order', () => {
  const bench = blinking();
  const kept = [];
  for (const cycle of [500, 100, 300]) {
    bench.at(cycle, () => kept.push([cycle, bench.chip.time.cycles]));
  }
  bench.step(8000);
  assert.deepEqual(kept, [
    [100, 100],
    [300, 300],
    [500, 500],
  ]);
});

test('with the CPU stopped the state machines go on, and a reset starts it again', () => {
  const bench = blinking();
  const { chip } = bench;
  write(chip, RAM, 0xe7fe_3001); // adds r0, #1; b . - 2
  chip.mcu.core.PC = RAM;
  chip.mcu.core.waiting = false;
  runFor(chip, 100);
  putIn(bench, { what: 'stop_cpu' });
  const { PC: before } = chip.mcu.core;
  const edges = bench.edges.count;
  bench.step(10_000);
  assert.equal(chip.mcu.core.PC, before);
  assert.ok(bench.edges.count > edges + 10);
  chip.reset('run');
  assert.equal(chip.scheduler.cpuStopped, false);
});

test('with the DMA stopped the words run out; let go, they flow again', () => {
  const chip = sleepingChip();
  const bench = new Bench(chip, null);
  // out(x, 32); jmp(x_dec, 1), with autopull: takes a word every 102 cycles
  loadMachine(chip, [0x6020, 0x0041], { shift: 1 << 17 });
  write(chip, RAM, 100);
  write(chip, DMA, RAM);
  write(chip, DMA + 4, PIO0_TXF0);
  write(chip, DMA + 8, 1e6);
  write(chip, DMA + 0x0c, (2 << 2) | 1);
  enable(chip);
  const left = () => read(chip, DMA + 0x08);
  bench.step(100_000);
  assert.ok(left() < 1e6 - 50);
  putIn(bench, { what: 'stop_dma', channels: ~1 }); // another one
  const flowing = left();
  bench.step(1000);
  assert.ok(left() < flowing);
  putIn(bench, { what: 'stop_dma', after_ns: 1000, channels: 1 });
  bench.step(2000);
  const frozen = left();
  bench.step(100_000);
  assert.equal(left(), frozen);
  putIn(bench, { what: 'start_dma' });
  bench.step(10_000);
  assert.ok(left() < frozen);
});

test('a bit of RAM is turned at the cycle asked for', () => {
  const bench = blinking();
  const { chip } = bench;
  write(chip, RAM + 64, 0xff);
  putIn(bench, { what: 'flip', at_cycle: 1000, address: RAM + 64, mask: 3 });
  bench.step(7_992);
  assert.equal(read(chip, RAM + 64), 0xff);
  bench.step(8);
  assert.equal(read(chip, RAM + 64), 0xfc);
  assert.throws(() => putIn(bench, { what: 'flip', address: 0x50000000 }), /RAM/);
  assert.throws(() => putIn(bench, { what: 'smoke' }), /stop_dma/);
});

test('a power cut lets every pin go for as long as it lasts', () => {
  const bench = blinking();
  bench.step(1e6, { pin: 2, level: 1 });
  putIn(bench, { what: 'power', off_ns: 1e6 });
  assert.equal(bench.chip.pads.level[2], 0);
  bench.step(9e5);
  assert.equal(bench.chip.scheduler.cpuStopped, true);
  bench.step(2e5);
  assert.equal(bench.chip.scheduler.cpuStopped, false);
});

test('a pulled cable loses what is sent, and the device is told of the silence', () => {
  const bench = blinking();
  const { cable, mcu } = bench.chip;
  cable.ready = true;
  putIn(bench, { what: 'pull_usb' });
  cable.send(Uint8Array.from([1]));
  assert.equal(cable.pending, 0);
  assert.equal((mcu.usbCtrl.sieStatus >> 4) & 1, 1); // SUSPENDED
  putIn(bench, { what: 'plug_usb' });
  assert.equal((mcu.usbCtrl.sieStatus >> 4) & 1, 0);
});

test('a VCD begins with the levels, has each edge at its instant, and ends with the time', () => {
  const bench = blinking();
  bench.chip.pads.drive(3, 1);
  bench.edges.watch([2, 3]);
  bench.step(3000);
  const lines = bench.edges.vcd().split('\n');
  assert.equal(lines[2], '$var wire 1 # gp2 $end');
  assert.deepEqual(lines.slice(6, 11), ['#0', '$dumpvars', '0#', '1$', '$end']);
  assert.deepEqual(lines.slice(11, 15), ['#8000', '1#', '#520000', '0#']);
  assert.deepEqual(lines.slice(-2), ['#3000000', '']);
});

test('a VCD of what is watched later begins then, with the levels then', () => {
  const bench = blinking();
  bench.step(200);
  bench.edges.watch([2]);
  bench.step(800);
  const lines = bench.edges.vcd().split('\n');
  assert.deepEqual(lines.slice(5, 11), ['#0', '$dumpvars', '1#', '$end', '#320000', '0#']);
  assert.equal(lines.at(-2), '#800000');
});

test('a VCD goes on for a cycle after an edge at its very end', () => {
  const bench = blinking();
  assert.equal(bench.step(3000, { pin: 2, level: 0 }), true);
  assert.deepEqual(bench.edges.vcd().split('\n').slice(-4), ['#520000', '0#', '#528000', '']);
});

test('a VCD keeps its instants through a change of the clock', () => {
  const bench = blinking();
  bench.step(200);
  bench.chip.time.setFrequency(62.5e6); // 40 cycles of 16 ns from the fall
  bench.step(1008);
  const stamps = bench.edges.vcd().match(/^#\d+$/gm);
  assert.deepEqual(stamps.slice(0, 3), ['#0', '#8000', '#840000']);
  assert.equal(stamps.at(-1), '#1208000');
});

test('two runs are the same to the cycle', () => {
  const run = () => {
    const bench = blinking();
    bench.step(50_000);
    put(bench.chip, 5);
    bench.step(50_000);
    return bench.edges.list();
  };
  assert.deepEqual(run(), run());
});

test('the control port refuses what it does not know, and answers what it does', () => {
  const bench = blinking();
  const link = new UsbLink(bench.chip, {});
  const pace = new Pace(bench, link, 0);
  const table = commands({ bench, pace, link, finish: () => {} });
  assert.equal(table.step({ ns: 8000 }).cycles, 1000);
  assert.deepEqual(table.peek({ addr: 0x14000008 }).words, [6]);
  table.watch({ pins: [3] });
  table.gpio({ pin: 3, value: 1 });
  assert.deepEqual(table.edges().edges.at(-1), [1000, 3, 1]);
});

test('a restored chip does all again, to the cycle and the bit', () => {
  const bench = blinking();
  const { chip } = bench;
  const pace = new Pace(bench, null, 0);
  const table = commands({ bench, pace, link: new UsbLink(chip), finish: () => {} });
  write(chip, RAM, 7);
  bench.step(10_000);
  table.keep();
  const run = () => {
    bench.at(chip.time.cycles + 300, () => write(chip, RAM, read(chip, RAM) + 1));
    bench.step(20_000);
    return [chip.time.cycles, read(chip, RAM), bench.edges.list(), [...chip.pads.level]];
  };
  const first = run();
  assert.equal(first[1], 8);
  chip.reset('power');
  assert.equal(read(chip, RAM), 0);
  table.restore();
  assert.equal(read(chip, RAM), 7);
  assert.deepEqual(run(), first);
});

test('there is nothing to restore before something was kept', () => {
  const bench = blinking();
  const table = commands({ bench, pace: null, link: null, finish: () => {} });
  assert.throws(() => table.restore(), /keep comes before restore/);
});
