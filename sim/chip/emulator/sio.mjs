// Patches of the single-cycle IO block: "divider" (2.3.1.5) and "bootsel-pin" (2.3.1.2).

const GPIO_HI_IN = 0x08;
const QSPI_IDLE = 0x3e; // all QSPI pads but the clock are high: nobody presses BOOTSEL

/** rp2040js divides like JavaScript: quotients with fractions; and charges the CPU eight cycles. */
export const divider = {
  name: 'divider',
  section: '2.3.1.5',
  restores: 'whole quotients, and what a division by zero gives',

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
  name: 'bootsel-pin',
  section: '2.3.1.2',
  restores: 'the QSPI pads read idle',

  classes(mcu) {
    const sio = mcu.sio.constructor.prototype;
    const { readUint32 } = sio;
    sio.readUint32 = function read(offset) {
      return offset === GPIO_HI_IN ? QSPI_IDLE : readUint32.call(this, offset);
    };
  },
};
