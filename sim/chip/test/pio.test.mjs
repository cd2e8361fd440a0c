// The PIO against instants worked out by hand. Opcodes: RP2040 data sheet 3.4.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  PIO,
  connectPin,
  enable,
  gaps,
  loadMachine,
  put,
  read,
  recordPin,
  runFor,
  sleepingChip,
  write,
} from './support.mjs';

const SET_PINS = 0xe000;
const DELAY = (cycles) => cycles << 8;

test('[pio] a square wave keeps its delays', () => {
  const chip = sleepingChip();
  loadMachine(chip, [SET_PINS | 1 | DELAY(3), SET_PINS | DELAY(5)]);
  const edges = recordPin(chip, 2);
  enable(chip);
  runFor(chip, 101);
  assert.deepEqual(gaps(edges).slice(0, 6), [4, 6, 4, 6, 4, 6]);
});

test('[pio] a clock divider of 2.5 gives 2 and 3 cycles by turns', () => {
  const chip = sleepingChip();
  loadMachine(chip, [SET_PINS | 1, SET_PINS], { divider: 2.5 });
  const edges = recordPin(chip, 2);
  enable(chip);
  runFor(chip, 60);
  const lengths = gaps(edges).slice(0, 8);
  assert.equal(
    lengths.reduce((sum, gap) => sum + gap),
    20,
  );
  assert.deepEqual(new Set(lengths), new Set([2, 3]));
});

test('[pio] a loop that is skipped lasts as long as one that is not', () => {
  const chip = sleepingChip();
  // pull; mov(x, osr); set(pins, 1); jmp(x_dec, 3); set(pins, 0)
  loadMachine(chip, [0x80a0, 0xa027, 0xe001, 0x0043, 0xe000]);
  const edges = recordPin(chip, 2);
  enable(chip);
  for (const turns of [0, 1, 2, 3, 10, 1000]) {
    put(chip, turns);
    runFor(chip, turns + 20);
  }
  const highs = gaps(edges).filter((_, index) => index % 2 === 0);
  assert.deepEqual(highs, [2, 3, 4, 5, 12, 1002]);
});

test('[pio] X can be looked at in the middle of a skipped loop', () => {
  const chip = sleepingChip();
  loadMachine(chip, [0xe03f, 0x0041]); // set(x, 31); jmp(x_dec, 1)
  enable(chip);
  runFor(chip, 13); // set at cycle 1, turns at 2 to 13
  assert.equal(read(chip, PIO.block0 + 0xd4), 1); // SM0_ADDR
  assert.equal(chip.mcu.pio[0].machines[0].x, 31 - 12);
});

test('[pio] joined FIFOs are eight deep, and the ninth word is lost', () => {
  const chip = sleepingChip();
  loadMachine(chip, [0x80a0], { shift: 0x40000000 }); // FJOIN_TX
  for (let word = 0; word < 9; word += 1) put(chip, word);
  assert.equal(read(chip, PIO.block0 + 0x0c) & 15, 8); // FLEVEL
  assert.equal((read(chip, PIO.block0 + 0x08) >>> 16) & 1, 1); // FDEBUG.TXOVER
});

test('[pio] status tells an empty FIFO from one with N words', () => {
  const chip = sleepingChip();
  loadMachine(chip, [0xa0c5, 0x8020, 0x0002], { exec: 2 }); // mov(isr, status); push; jmp(2)
  put(chip, 7);
  enable(chip);
  runFor(chip, 10);
  assert.equal(read(chip, PIO.block0 + 0x20), 0xffffffff); // one word is fewer than two
});

test('[pio] autopull refills before the OSR is needed, and stalls when it cannot', () => {
  const chip = sleepingChip();
  // out(pins, 8) for ever, autopull at 8, to the right: one bit to pin 2
  loadMachine(chip, [0x6008], { shift: (1 << 17) | (1 << 19) | (8 << 25), pins: (1 << 20) | 2 });
  const edges = recordPin(chip, 2);
  for (const bit of [1, 0, 1, 0]) put(chip, bit);
  enable(chip);
  runFor(chip, 40);
  assert.deepEqual(gaps(edges), [1, 1, 1]);
  assert.equal((read(chip, PIO.block0 + 0x08) >>> 24) & 1, 1); // FDEBUG.TXSTALL
});

/** What follows pin 3: the cycle at which it is driven high, and the edges at pin 2. */
function followed(bypassed) {
  const chip = sleepingChip();
  write(chip, PIO.block0 + 0x38, bypassed);
  loadMachine(chip, [0x2083, 0xe001, 0x0002]); // wait(1, gpio, 3); set(pins, 1); jmp(2)
  const edges = recordPin(chip, 2);
  enable(chip);
  runFor(chip, 20);
  const driven = chip.time.cycles;
  chip.pads.drive(3, 1);
  runFor(chip, 20);
  return { driven, edges };
}

test('[pio] a pin is seen two cycles after it has changed', () => {
  const { driven, edges } = followed(0);
  assert.deepEqual(edges, [[driven + 3, 1]]); // wait ends at 2, set is at 3
});

test('[pio] the synchroniser can be bypassed', () => {
  const { driven, edges } = followed(1 << 3);
  assert.equal(edges[0][0] - driven <= 2, true);
});

test('[pio] an IRQ flag starts a machine that waits for it, and is cleared by that', () => {
  const chip = sleepingChip();
  loadMachine(chip, [0x20c5, 0xe001, 0x0002]); // wait(1, irq, 5); set(pins, 1); jmp(2)
  const edges = recordPin(chip, 2);
  enable(chip);
  runFor(chip, 20);
  write(chip, PIO.block0 + 0x34, 1 << 5); // IRQ_FORCE
  runFor(chip, 20);
  assert.equal(edges.length, 1);
  assert.equal(read(chip, PIO.block0 + 0x30), 0);
});

test('[pio] two machines enabled by one write stay in step', () => {
  const chip = sleepingChip();
  const program = [SET_PINS | 1 | DELAY(4), SET_PINS | DELAY(4)];
  loadMachine(chip, program, { index: 0, set: 2 });
  loadMachine(chip, program, { index: 1, set: 3 });
  const [first, second] = [recordPin(chip, 2), recordPin(chip, 3)];
  enable(chip, 3);
  runFor(chip, 100);
  assert.ok(first.length > 10);
  assert.deepEqual(first, second);
});

test('[pio] the other block reads a pin that this one drives', () => {
  const chip = sleepingChip();
  loadMachine(chip, [SET_PINS | 1 | DELAY(9), SET_PINS | DELAY(9)]);
  loadMachine(chip, [0x2082, 0xe001, 0x0002], { block: PIO.block1, set: 10 }); // wait(1, gpio, 2)
  connectPin(chip, 2);
  const [driver, seer] = [recordPin(chip, 2), recordPin(chip, 10)];
  enable(chip, 1, PIO.block1);
  runFor(chip, 10);
  enable(chip);
  runFor(chip, 40);
  assert.equal(seer[0][0] - driver[0][0], 3);
});
