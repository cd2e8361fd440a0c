// A chip without MicroPython: its CPU sleeps, or runs a few opcodes that a test puts into RAM.

import { after } from 'node:test';
import { Chip } from '../emulator/chip.mjs';

export const CYCLE_NS = 8; // 125 MHz
export const CYCLES_PER_US = 125;
export const RAM = 0x20000000;
export const ROM_STUBS = 0x200; // where the test's boot ROM has its flash functions, 4 bytes apart
export const ROM_CODE = 0x300; // where core 1 starts

/**
 * A boot ROM of the real one's form: stack and start, then a table of functions. Each of the flash
 * functions only returns; what stands at ROM_CODE sends CPUID + 41 to the other core.
 */
export function testRom() {
  const rom = new Uint8Array(16384);
  const view = new DataView(rom.buffer);
  view.setUint32(0, RAM + 0x40000, true);
  view.setUint32(4, ROM_CODE | 1, true);
  view.setUint16(0x14, 0x100, true);
  ['CX', 'EX', 'RE', 'RP', 'FC'].forEach((code, index) => {
    const entry = 0x100 + 4 * index;
    rom[entry] = code.charCodeAt(0);
    rom[entry + 1] = code.charCodeAt(1);
    view.setUint16(entry + 2, (ROM_STUBS + 4 * index) | 1, true);
    view.setUint16(ROM_STUBS + 4 * index, 0x4770, true); // bx lr
    view.setUint16(ROM_STUBS + 4 * index + 2, 0x4770, true);
  });
  const code = [
    0x4802, // ldr r0, [pc, #8]
    0x6801, // ldr r1, [r0]        CPUID
    0x3129, // adds r1, #41
    0x6541, // str r1, [r0, #0x54] FIFO_WR
    0xe7fe, // b .
    0x0000,
    0x0000, // 0xd0000000
    0xd000,
  ];
  code.forEach((half, index) => view.setUint16(ROM_CODE + 2 * index, half, true));
  return rom;
}

/** A chip whose CPU sleeps with all interrupts off. */
export function sleepingChip(options = {}) {
  const chip = new Chip({ bootrom: testRom(), ...options });
  putToSleep(chip);
  after(() => chip.mcu.pio.forEach((block) => block.stop())); // rp2040js's own engine
  return chip;
}

export function putToSleep({ mcu }) {
  mcu.core.waiting = true;
  mcu.core.PM = true;
  mcu.core.enabledInterrupts = 0;
}

export const runFor = (chip, cycles) => {
  const end = chip.time.cycles + cycles;
  while (chip.time.cycles < end) chip.run(end);
};

/** Core 0 executes these 16-bit opcodes from RAM; it is awake. */
export function execute(chip, opcodes) {
  const { mcu } = chip;
  opcodes.forEach((half, index) => mcu.writeUint16(RAM + 2 * index, half));
  mcu.core.PC = RAM;
  mcu.core.waiting = false;
  for (let count = 0; count < opcodes.length; count += 1) {
    if (!mcu.core.waiting) runFor(chip, 1);
  }
}

export const read = (chip, address) => chip.mcu.readUint32(address) >>> 0;
export const write = (chip, address, value) => chip.mcu.writeUint32(address, value >>> 0);

/** Edges at one pin, as [cycle, level], from now on. */
export function recordPin(chip, wanted) {
  const edges = [];
  chip.pads.watchers.add((pin, level, cycle) => {
    if (pin === wanted) edges.push([Math.ceil(cycle), level]);
  });
  return edges;
}

export const gaps = (edges) => edges.slice(1).map(([cycle], index) => cycle - edges[index][0]);

const PIO0 = 0x50200000;
export const PIO = { block0: PIO0, block1: 0x50300000 };
const FUNCSEL = { [PIO.block0]: 6, [PIO.block1]: 7 };

export function connectPin(chip, pin, block = PIO0) {
  write(chip, 0x40014004 + 8 * pin, FUNCSEL[block]);
}

/**
 * Load `program` at 0 and set up state machine `index`; fields as in the registers' names. Pins of
 * `set` are outputs. Not enabled yet.
 */
export function loadMachine(chip, program, fields = {}) {
  const { block = PIO0, index = 0, set = 2, count = 1, divider = 1, shift = 0, exec = 0 } = fields;
  program.forEach((opcode, at) => write(chip, block + 0x48 + 4 * at, opcode));
  const base = block + 0xc8 + 0x18 * index;
  write(chip, base, Math.round(divider * 256) << 8);
  write(chip, base + 0x04, (((program.length - 1) << 12) | exec) >>> 0);
  write(chip, base + 0x08, shift);
  write(chip, base + 0x14, (count << 26) | (set << 5) | (fields.pins ?? 0));
  for (let pin = set; pin < set + count; pin += 1) connectPin(chip, pin, block);
  write(chip, base + 0x10, 0xe080 | ((1 << count) - 1)); // set(pindirs, …)
  write(chip, base + 0x10, 0xe000); // set(pins, 0)
  write(chip, base + 0x10, 0x0000); // jmp(0)
}

export const enable = (chip, mask = 1, block = PIO0) => write(chip, block, mask);
export const put = (chip, word, index = 0, block = PIO0) => {
  write(chip, block + 0x10 + 4 * index, word);
};
