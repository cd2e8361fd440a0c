// Patch "flash": the flash chip, its erase and program commands, and what a power cut leaves of
// them.
//
// rp2040js has the flash's bytes only. The boot ROM's flash functions (2.8.3.1.3) are replaced in
// the ROM image by breakpoints; the work is done here, and core 0 waits as long as a W25Q16JV takes
// at most typically (its data sheet, table of AC characteristics: 45 ms a sector, 150 ms a block of
// 64 KiB, 0.5 ms a page of 256 bytes). Interrupts wait too; PIO and DMA go on.

import fs from 'node:fs';

const SIZE = 2 * 1024 * 1024; // of the flash chip on a Pico
const SPACE = 16 * 1024 * 1024; // that the processor can address
const XIP_BASE = 0x10000000;
const UF2_MAGIC = 0x0a324655;
const UF2_BLOCK = 512;
const SECTOR = 4096;
const BLOCK = 65536;
const PAGE = 256;
const SECTOR_NS = 45e6;
const BLOCK_NS = 150e6;
const PAGE_NS = 500e3;

const ROM_TABLE_POINTER = 0x14; // of the boot ROM's public functions
const BKPT = 0xbe00;
const BX_LR = 0x4770;
/** Two-letter codes in the ROM's table -> the breakpoint that stands in for them. */
const STUBS = { CX: 0xa0, EX: 0xa1, RE: 0xa2, RP: 0xa3, FC: 0xa4 };
const ERASE = STUBS.RE;
const PROGRAM = STUBS.RP;

/** Replace the flash functions of a boot ROM image (bytes) by breakpoints. */
export function stubRom(bytes) {
  const halves = new Uint16Array(bytes.buffer);
  const functions = {};
  for (let at = halves[ROM_TABLE_POINTER >> 1]; halves[at >> 1]; at += 4) {
    functions[String.fromCharCode(bytes[at], bytes[at + 1])] = halves[(at + 2) >> 1] & ~1;
  }
  for (const [code, number] of Object.entries(STUBS)) {
    const at = functions[code] >> 1;
    halves[at] = BKPT | number;
    halves[at + 1] = BX_LR;
  }
}

export class Flash {
  /** `timed`: erasing and programming take their time. */
  constructor(chip, { timed = true } = {}) {
    this.chip = chip;
    this.timed = timed;
    this.size = SIZE;
    this.bytes = new Uint8Array(SPACE).fill(0xff);
    this.erased = 0; // bytes so far
    this.programmed = 0;
    this.work = []; // what is being written: {from, until (cycles), at, before (bytes), after}
    this.deselect();
  }

  deselect() {
    this.csForced = false;
    this.answered = 0; // bytes of the command under way, see ssi.mjs
    this.answers = [];
  }

  selectForced(low) {
    this.csForced = low;
    this.answered = 0;
    this.answers.length = 0;
  }

  /** A MicroPython image: .uf2, or the bytes from the start of the flash. */
  loadFirmware(file) {
    const image = fs.readFileSync(file);
    if (image.readUInt32LE(0) !== UF2_MAGIC) {
      this.bytes.set(image, 0);
      return;
    }
    for (let at = 0; at + UF2_BLOCK <= image.length; at += UF2_BLOCK) {
      const address = image.readUInt32LE(at + 12) - XIP_BASE;
      const length = image.readUInt32LE(at + 16);
      this.bytes.set(image.subarray(at + 32, at + 32 + length), address);
    }
  }

  load(file, offset) {
    this.bytes.set(fs.readFileSync(file), offset);
  }

  save(file, offset = 0) {
    fs.writeFileSync(file, this.bytes.subarray(offset, this.size));
  }

  /** A breakpoint of the stubbed ROM, with the function's arguments in r0, r1, r2. */
  onBreak(code, core) {
    const [offset, second, third] = core.registers;
    if (code === ERASE) this.erase(offset, second);
    else if (code === PROGRAM) this.program(offset, second, third);
    else if (!Object.values(STUBS).includes(code)) this.chip.report(`BKPT ${code}`, core);
  }

  erase(offset, count) {
    let at = offset;
    while (at < offset + count) {
      const whole = at % BLOCK === 0 && offset + count - at >= BLOCK;
      const length = whole ? BLOCK : Math.min(SECTOR, offset + count - at);
      this.change(at, new Uint8Array(length).fill(0xff), whole ? BLOCK_NS : SECTOR_NS);
      at += length;
    }
    this.erased += count;
  }

  /** Programming can only clear bits. */
  program(offset, source, count) {
    for (let done = 0; done < count; done += PAGE) {
      const length = Math.min(PAGE, count - done);
      const after = new Uint8Array(length);
      for (let index = 0; index < length; index += 1) {
        const byte = this.chip.mcu.readUint8(source + done + index);
        after[index] = this.bytes[offset + done + index] & byte;
      }
      this.change(offset + done, after, (length / PAGE) * PAGE_NS);
    }
    this.programmed += count;
  }

  /** One command to the chip. Its result is there at once; tear() knows how to take it back. */
  change(at, after, ns) {
    const { scheduler, time } = this.chip;
    const before = this.bytes.slice(at, at + after.length);
    this.bytes.set(after, at);
    if (!this.timed) return;
    const from = Math.max(scheduler.busyUntil, time.cycles);
    scheduler.waitForFlash(ns);
    this.work = this.work.filter((one) => one.until > time.cycles);
    this.work.push({ from, until: scheduler.busyUntil, at, before, after });
  }

  /**
   * The power fails now. What was not begun is as before; of what was under way, each bit that was
   * to change has changed or not, by chance. (Assumed: the data sheet promises nothing.)
   */
  tear() {
    const now = this.chip.time.cycles;
    for (const { from, until, at, before, after } of this.work.reverse()) {
      if (until <= now) continue;
      const begun = from < now;
      for (let index = 0; index < before.length; index += 1) {
        const differing = begun ? (before[index] ^ after[index]) & this.chance() : 0;
        this.bytes[at + index] = before[index] ^ differing;
      }
    }
    this.work = [];
  }

  chance() {
    let byte = 0;
    for (let bit = 0; bit < 8; bit += 1) byte = (byte << 1) | this.chip.randomBit();
    return byte;
  }
}

export const flash = {
  instance(chip) {
    const { mcu } = chip;
    mcu.onBreak = (code) => chip.flash.onBreak(code, mcu.core);
  },
};
