// Cores, clocks and what wakes them. Opcodes: ARMv6-M Architecture Reference Manual.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RAM, execute, read, runFor, sleepingChip, write } from './support.mjs';

const SEV = 0xbf40;
const WFE = 0xbf20;
const NOP = 0xbf00;
const FRCE_OFF = 0x40010004;
const PROC1 = 1 << 16;
const FIFO_ST = 0xd0000050;
const FIFO_RD = 0xd0000058;

test('[clock] alarms of one instant fire in the order in which they were set', () => {
  const { clock } = sleepingChip();
  const fired = [];
  for (const name of ['first', 'second', 'third']) {
    clock.createAlarm(() => fired.push(name)).schedule(1000);
  }
  clock.tick(2000);
  assert.deepEqual(fired, ['first', 'second', 'third']);
});

test('[core] SEV lets the next WFE pass', () => {
  const chip = sleepingChip();
  execute(chip, [SEV, WFE, NOP]);
  assert.equal(chip.mcu.core.waiting, false);
});

test('[core] the table executes what the chain of comparisons executes', () => {
  const chip = sleepingChip();
  execute(chip, [0x2007, 0x2105, 0x1840, 0x4348, 0x0042]); // 7, 5, adds, muls, lsls #1
  assert.deepEqual([...chip.mcu.core.registers.slice(0, 3)], [60, 5, 120]);
});

test('[wfi-masked] an interrupt wakes a masked core and is not taken', () => {
  const chip = sleepingChip();
  const { core } = chip.mcu;
  core.enabledInterrupts = 1 << 3;
  chip.mcu.setInterrupt(3, true);
  assert.deepEqual([core.waiting, core.IPSR], [false, 0]);
});

test('[memory] RAM and flash read the same by every width', () => {
  const chip = sleepingChip();
  chip.flash.bytes.set([1, 2, 3, 4], 8);
  write(chip, RAM + 8, 0x04030201);
  for (const at of [RAM + 8, 0x10000008, 0x13000008]) {
    assert.equal(read(chip, at), 0x04030201);
    assert.equal(chip.mcu.readUint16(at + 2), 0x0403);
    assert.equal(chip.mcu.readUint8(at + 3), 4);
  }
});

test('[core1] the second core starts by its power switch and answers by its mailbox', () => {
  const chip = sleepingChip();
  write(chip, FRCE_OFF, PROC1);
  write(chip, FRCE_OFF, 0);
  runFor(chip, 100);
  assert.equal(read(chip, FIFO_ST) & 1, 1);
  assert.equal(read(chip, FIFO_RD), 42); // CPUID 1 + 41
  write(chip, FRCE_OFF, PROC1);
  assert.equal(chip.core1, null);
});

test('[divider] quotients are whole, and of division by zero as the data sheet says', () => {
  const chip = sleepingChip();
  const divided = (signed, dividend, divisor) => {
    write(chip, 0xd0000060 + (signed ? 8 : 0), dividend);
    write(chip, 0xd0000064 + (signed ? 8 : 0), divisor);
    const remainder = chip.mcu.readUint32(0xd0000074) | 0;
    return [chip.mcu.readUint32(0xd0000070) | 0, remainder];
  };
  assert.deepEqual(divided(false, 7, 2), [3, 1]);
  assert.deepEqual(divided(true, -7, 2), [-3, -1]);
  assert.deepEqual(divided(false, 5, 0), [-1, 5]);
  assert.deepEqual(divided(true, -5, 0), [1, -5]);
});

test('[bootsel-pin] nobody presses BOOTSEL', () => {
  assert.equal(read(sleepingChip(), 0xd0000008), 0x3e);
});

test('[timer-alarms] an alarm set between two microseconds fires at the one it names', () => {
  const chip = sleepingChip();
  runFor(chip, 63); // 504 ns
  write(chip, 0x40054010, 3); // ALARM0
  const fired = () => (read(chip, 0x40054034) & 1) === 1; // INTR
  runFor(chip, 374 - 63); // 2992 ns
  assert.equal(fired(), false);
  runFor(chip, 1); // 3000 ns
  assert.equal(fired(), true);
});

test('[pads] input buffers are on after a reset', () => {
  const chip = sleepingChip();
  assert.equal(read(chip, 0x4001c004), 0x56);
  chip.pads.drive(7, 1);
  assert.equal((read(chip, 0xd0000004) >>> 7) & 1, 1);
});
