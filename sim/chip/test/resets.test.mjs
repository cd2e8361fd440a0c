// Watchdog, causes of reset, flash, and the small blocks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CYCLES_PER_US,
  RAM,
  ROM_STUBS,
  connectPin,
  enable,
  loadMachine,
  putToSleep,
  read,
  runFor,
  sleepingChip,
  write,
} from './support.mjs';

const WATCHDOG = 0x40058000;
const CHIP_RESET = 0x40064008;
const SS_CTRL = 0x4001800c;
const SSI_DR0 = 0x18000060;
const FORCE_LOW = 2 << 8;
const PAGE_CYCLES = 500 * CYCLES_PER_US; // 0.5 ms
const SECTOR_CYCLES = 45_000 * CYCLES_PER_US;

/** Call a flash function of the boot ROM (its index in support's table) on core 0. */
function callRom(chip, index, ...values) {
  const { core } = chip.mcu;
  values.forEach((value, at) => {
    core.registers[at] = value;
  });
  core.LR = (RAM + 0x101) >>> 0;
  chip.mcu.writeUint16(RAM + 0x100, 0xe7fe); // b .
  core.PC = ROM_STUBS + 4 * index;
  core.waiting = false;
  runFor(chip, 4);
}

const erase = (chip, offset, count) => callRom(chip, 2, offset, count, 4096, 0x20);
const program = (chip, offset, count) => callRom(chip, 3, offset, RAM + 0x1000, count);

/** A watchdog of `load` half microseconds (it counts twice a microsecond: erratum E1), enabled. */
function startWatchdog(chip, load) {
  const own = chip.mcu.peripherals[0x40058];
  const { onWatchdogTrigger } = own;
  let fired = 0;
  own.onWatchdogTrigger = () => {
    fired += 1;
    assert.equal(fired, 1, 'it fires again and again');
    onWatchdogTrigger();
  };
  write(chip, WATCHDOG + 0x04, load);
  write(chip, WATCHDOG, 1 << 30);
}

test('[watchdog] it resets the chip once, says so, and keeps the scratch registers', () => {
  const chip = sleepingChip();
  write(chip, WATCHDOG + 0x0c, 0x1234); // SCRATCH0
  startWatchdog(chip, 1000); // 500 us
  runFor(chip, 499 * CYCLES_PER_US);
  assert.equal(chip.resets, 0);
  runFor(chip, 2 * CYCLES_PER_US);
  putToSleep(chip);
  runFor(chip, 2000 * CYCLES_PER_US);
  assert.equal(chip.resets, 1);
  assert.equal(read(chip, WATCHDOG + 0x08), 1);
  assert.equal(read(chip, WATCHDOG + 0x0c), 0x1234);
});

test('[watchdog] a reset by it lets every pin go', () => {
  const chip = sleepingChip();
  loadMachine(chip, [0xe001, 0x0001]); // set(pins, 1); jmp(1)
  connectPin(chip, 2);
  enable(chip);
  startWatchdog(chip, 1000);
  runFor(chip, 400 * CYCLES_PER_US);
  assert.equal(chip.pads.level[2], 1);
  runFor(chip, 101 * CYCLES_PER_US);
  assert.equal(chip.pads.level[2], 0);
});

test('[chip-reset] power, the RUN pin and the watchdog can be told apart', () => {
  const chip = sleepingChip();
  assert.equal(read(chip, CHIP_RESET), 1 << 8);
  chip.reset('run');
  assert.equal(read(chip, CHIP_RESET), 1 << 16);
  chip.reset('watchdog');
  assert.equal(read(chip, CHIP_RESET), 0);
});

test('[rosc] random bits come out both ways, and the same in every run', () => {
  const bits = () => {
    const chip = sleepingChip();
    return Array.from({ length: 64 }, () => read(chip, 0x4006001c));
  };
  const first = bits();
  assert.deepEqual(new Set(first), new Set([0, 1]));
  assert.deepEqual(first, bits());
});

test('[xip] the streaming FIFO is empty and the cache flushed', () => {
  assert.equal(read(sleepingChip(), 0x14000008), 6);
});

function shifted(chip, byte) {
  write(chip, SSI_DR0, byte);
  return read(chip, SSI_DR0) & 0xff;
}

test('[qspi-pads] a command goes on for as long as the chip select is held low', () => {
  const chip = sleepingChip();
  write(chip, SS_CTRL, FORCE_LOW);
  assert.deepEqual(
    [0x9f, 0, 0, 0].map((byte) => shifted(chip, byte)),
    [0, 0xef, 0x40, 0x15],
  );
  write(chip, SS_CTRL, 3 << 8);
  assert.equal(chip.flash.csForced, false);
});

test('[flash-id] the unique id follows the command and four dummy bytes', () => {
  const chip = sleepingChip({ flashTiming: false });
  for (const byte of [0x4b, 0, 0, 0, 0, 0, 0, 0]) write(chip, SSI_DR0, byte);
  const answer = Array.from({ length: 8 }, () => read(chip, SSI_DR0));
  assert.deepEqual(answer.slice(5), [0xe6, 0x60, 0x58]);
});

test('[flash] erasing sets all bits, takes its time, and lets state machines go on', () => {
  const chip = sleepingChip();
  chip.flash.bytes.fill(0x55, 0x10000, 0x12000);
  const begun = chip.time.cycles;
  erase(chip, 0x10000, 0x1000);
  assert.equal(chip.flash.bytes[0x10fff], 0xff);
  assert.equal(chip.flash.bytes[0x11000], 0x55);
  assert.ok(Math.abs(chip.scheduler.busyUntil - begun - SECTOR_CYCLES) <= 4);
});

test('[flash] programming only clears bits', () => {
  const chip = sleepingChip();
  chip.flash.bytes.fill(0x0f, 0x10000, 0x10100);
  for (let at = 0; at < 256; at += 4) write(chip, RAM + 0x1000 + at, 0x3c3c3c3c);
  program(chip, 0x10000, 256);
  assert.equal(chip.flash.bytes[0x10000], 0x0c);
});

test('[flash] a power cut keeps the pages before, spoils the one under way, and no other', () => {
  const chip = sleepingChip();
  chip.flash.bytes.fill(0xff, 0x10000, 0x10300);
  for (let at = 0; at < 768; at += 4) write(chip, RAM + 0x1000 + at, 0);
  program(chip, 0x10000, 768);
  runFor(chip, 1.5 * PAGE_CYCLES);
  chip.reset('power');
  const page = (index) => new Set(chip.flash.bytes.slice(0x10000 + 256 * index).slice(0, 256));
  assert.deepEqual(page(0), new Set([0]));
  assert.ok(page(1).size > 2); // some bits of each byte
  assert.deepEqual(page(2), new Set([0xff]));
});

test('[flash] a power cut after the end changes nothing', () => {
  const chip = sleepingChip();
  for (let at = 0; at < 256; at += 4) write(chip, RAM + 0x1000 + at, 0);
  program(chip, 0x10000, 256);
  runFor(chip, PAGE_CYCLES);
  chip.reset('power');
  assert.equal(chip.flash.bytes[0x100ff], 0);
});

test('[chip-reset] power-on clears RAM, other resets do not', () => {
  const chip = sleepingChip();
  write(chip, RAM + 0x2000, 77);
  chip.reset('run');
  assert.equal(read(chip, RAM + 0x2000), 77);
  chip.reset('power');
  assert.equal(read(chip, RAM + 0x2000), 0);
  assert.equal(read(chip, CHIP_RESET), 1 << 8);
});
