// Small blocks that rp2040js does not have, and so reads as all ones: "chip-reset" (2.12), "rosc"
// (2.17.5), "xip" (2.6.3) and "qspi-pads" (2.19).

import { BasePeripheral } from 'rp2040js';

/** A block of which only some registers do anything; the others read as `rest`, or as written. */
class Block extends BasePeripheral {
  constructor(mcu, name, reads) {
    super(mcu, name);
    this.reads = reads;
    this.written = {};
  }

  readUint32(offset) {
    return this.reads[offset]?.() ?? this.written[offset] ?? 0;
  }

  writeUint32(offset, value) {
    this.written[offset] = value;
  }
}

const HAD = { power: 1 << 8, run: 1 << 16 }; // CHIP_RESET

export const chipReset = {
  name: 'chip-reset',
  section: '2.12',
  restores: 'the cause of the last reset: power, the RUN pin, or neither',

  instance(chip) {
    const cause = HAD[chip.resetKind] ?? 0;
    const block = new Block(chip.mcu, 'VREG', { 0x0: () => 0xb1, 0x8: () => cause });
    block.writeUint32 = () => {};
    chip.mcu.peripherals[0x40064] = block;
  },
};

/** Seeded, so that two runs are the same. */
export const rosc = {
  name: 'rosc',
  section: '2.17.5',
  restores: 'random bits, and a ring oscillator that is stable',

  instance(chip) {
    const reads = { 0x18: () => 0x81001000, 0x1c: () => chip.randomBit() };
    chip.mcu.peripherals[0x40060] = new Block(chip.mcu, 'ROSC', reads);
  },
};

export const xip = {
  name: 'xip',
  section: '2.6.3',
  restores: 'the cache: flushed, its streaming FIFO empty',

  instance(chip) {
    const block = new Block(chip.mcu, 'XIP_CTRL', { 0x8: () => 6 });
    block.writeUint32 = () => {};
    chip.mcu.peripherals[0x14000] = block;
  },
};

const SS_CTRL = 0x0c; // GPIO_QSPI_SS_CTRL
const FORCED_LOW = 2; // its OUTOVER field

export const qspiPads = {
  name: 'qspi-pads',
  section: '2.19',
  restores: "the override of the flash's chip select, by which software begins and ends a command",

  instance(chip) {
    const block = new Block(chip.mcu, 'IO_QSPI', {});
    block.writeUint32 = (offset, value) => {
      block.written[offset] = value;
      if (offset === SS_CTRL) chip.flash.selectForced(((value >> 8) & 3) === FORCED_LOW);
    };
    chip.mcu.peripherals[0x40018] = block;
  },
};
