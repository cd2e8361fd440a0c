// Patch "flash-id": commands that software shifts out to the flash through the SSI (4.10).
//
// rp2040js answers all of them with 0, so that every board has the same identity. Here the chip is
// a W25Q16JV: 9Fh JEDEC id, 4Bh unique id (four dummy bytes first), 35h status 2.

import { layOver } from './registers.mjs';

const SR = 0x28;
const DR0 = 0x60;
const SSIENR = 0x08;
const SPACE_FOR_MORE = 6; // SR: transmit FIFO empty and not full
const SOMETHING_TO_READ = 8;
const JEDEC_ID = [0xef, 0x40, 0x15];
const QUAD_ENABLED = 0x02;
const UNIQUE_ID_STARTS = 5; // the command and four dummy bytes

/** The byte that comes back while byte number `count` of `command` goes out. */
function answer(command, count, uniqueId) {
  if (count === 0) return 0;
  if (command === 0x9f) return JEDEC_ID[count - 1] ?? 0;
  if (command === 0x35) return QUAD_ENABLED;
  if (command === 0x4b && count >= UNIQUE_ID_STARTS)
    return uniqueId[(count - UNIQUE_ID_STARTS) & 7];
  return 0;
}

export const flashId = {
  instance(chip) {
    const { flash } = chip;
    let command = 0;

    layOver(chip.mcu.peripherals[0x18000], {
      reads: {
        [SR]: () => SPACE_FOR_MORE | (flash.answers.length ? SOMETHING_TO_READ : 0),

        [DR0]: () => {
          const byte = flash.answers.shift() ?? 0;
          if (flash.answers.length === 0 && !flash.csForced) flash.answered = 0;
          return byte;
        },
      },
      writes: {
        [SSIENR]: (value, stock) => {
          flash.selectForced(flash.csForced);
          stock(value);
        },

        [DR0]: (value) => {
          if (flash.answered === 0) command = value & 0xff;
          flash.answers.push(answer(command, flash.answered, chip.uniqueId));
          flash.answered += 1;
        },
      },
    });
  },
};
