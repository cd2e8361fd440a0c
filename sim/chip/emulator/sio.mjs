// Patches of the single-cycle IO block: "divider" (2.3.1.5) and "bootsel-pin" (2.3.1.2).

import { layOver } from './registers.mjs';

const GPIO_HI_IN = 0x08;
const QSPI_IDLE = 0x3e; // all QSPI pads but the clock are high: nobody presses BOOTSEL

/** rp2040js divides like JavaScript: quotients with fractions; and charges the CPU eight cycles. */
export const divider = {
  classes(mcu) {
    mcu.sio.constructor.prototype.updateHardwareDivider = function divide(signed) {
      const dividend = signed ? this.divDividend | 0 : this.divDividend >>> 0;
      const divisor = signed ? this.divDivisor | 0 : this.divDivisor >>> 0;
      if (divisor === 0) {
        this.divQuotient = signed && dividend < 0 ? 1 : -1;
        this.divRemainder = dividend;
      } else {
        this.divQuotient = Math.trunc(dividend / divisor);
        this.divRemainder = dividend % divisor;
      }
      this.divCSR = 3; // dirty and ready
    };
  },
};

export const bootselPin = {
  classes: (mcu) =>
    layOver(mcu.sio.constructor.prototype, { reads: { [GPIO_HI_IN]: () => QSPI_IDLE } }),
};
