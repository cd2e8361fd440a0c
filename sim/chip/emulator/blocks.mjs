// Small blocks that rp2040js does not have, and so reads as all ones: "chip-reset" (2.12), "rosc"
// (2.17.5), "xip" (2.6.3) and "qspi-pads" (2.19).

import { BasePeripheral } from 'rp2040js';
import { layOver } from './registers.mjs';

/** A block of which only some registers do anything; the others read as written, or as 0. */
class Block extends BasePeripheral {
  constructor(mcu, name, registers) {
    super(mcu, name);
    this.written = {};
    layOver(this, registers);
  }

  readUint32(offset) {
    return this.written[offset] ?? 0;
  }

  writeUint32(offset, value) {
    this.written[offset] = value;
  }
}

/** A block whose other registers read as 0. */
class FixedBlock extends Block {
  writeUint32() {}
}

const HAD = { power: 1 << 8, run: 1 << 16 }; // CHIP_RESET

export const chipReset = {
  instance({ mcu, resetKind }) {
    const reads = { 0x0: () => 0xb1, 0x8: () => HAD[resetKind] ?? 0 };
    mcu.peripherals[0x40064] = new FixedBlock(mcu, 'VREG', { reads });
  },
};

/** Seeded, so that two runs are the same. */
export const rosc = {
  instance(chip) {
    const reads = { 0x18: () => 0x81001000, 0x1c: () => chip.randomBit() };
    chip.mcu.peripherals[0x40060] = new Block(chip.mcu, 'ROSC', { reads });
  },
};

export const xip = {
  instance({ mcu }) {
    mcu.peripherals[0x14000] = new FixedBlock(mcu, 'XIP_CTRL', { reads: { 0x8: () => 6 } });
  },
};

const SS_CTRL = 0x0c; // GPIO_QSPI_SS_CTRL
const FORCED_LOW = 2; // its OUTOVER field

export const qspiPads = {
  instance({ mcu, flash }) {
    const select = (value, stock) => {
      stock(value);
      flash.selectForced(((value >> 8) & 3) === FORCED_LOW);
    };
    mcu.peripherals[0x40018] = new Block(mcu, 'IO_QSPI', { writes: { [SS_CTRL]: select } });
  },
};
