// Patch "memory": short ways to RAM and flash (2.6.3, 2.6.2), the hot cases first. For speed alone:
// every read gives what rp2040js gives.

import { RP2040 } from 'rp2040js';

const RAM = 0x20000000;
const RAM_END = 0x20042000;

/**
 * A function for reads of 1 << shift bytes from the arrays of that width, anything else by `stock`.
 * Made from source, so that each is compiled for its own arrays.
 */
function reader(stock, shift, ram, flash) {
  const source = `return function read(where) {
    const address = where >>> 0;
    if ((address & ${(1 << shift) - 1}) === 0) {
      if (address >= ${RAM} && address < ${RAM_END}) {
        return this.${ram}[(address - ${RAM}) >> ${shift}];
      }
      if (address >= 0x10000000 && address < 0x14000000) {
        return this.${flash}[(address & 0xffffff) >> ${shift}];
      }
    }
    return stock.call(this, address);
  };`;
  return new Function('stock', source)(stock);
}

export const memory = {
  speedOnly: true,

  classes() {
    const bus = RP2040.prototype;
    bus.readUint32 = reader(bus.readUint32, 2, 'sram32', 'flash32');
    bus.readUint16 = reader(bus.readUint16, 1, 'sram16', 'flash16');
    bus.readUint8 = reader(bus.readUint8, 0, 'sram', 'flash');

    const { writeUint32 } = bus;
    bus.writeUint32 = function write(where, value) {
      const address = where >>> 0;
      if (address >= RAM && address < RAM_END && (address & 3) === 0) {
        this.sram32[(address - RAM) >> 2] = value;
      } else writeUint32.call(this, address, value);
    };
  },
};
