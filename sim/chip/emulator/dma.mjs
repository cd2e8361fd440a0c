// Patches of the DMA: "dma-timers" (2.5.5.1) and "dma-sniffer" (2.5.5.2), and a way to stop it.

import { layOver } from './registers.mjs';
import { sniffed, snifferOutput } from './sniffer.mjs';

const TIMER0_TREQ = 59;
const TIMERS = ['timer0', 'timer1', 'timer2', 'timer3'];

/** rp2040js takes the reciprocal, and TIMER3's numerator from bits that do not exist. */
export const dmaTimers = {
  classes(mcu) {
    mcu.dma.constructor.prototype.getTimer = function period(treq) {
      const fraction = this[TIMERS[treq - TIMER0_TREQ]] ?? 0;
      const x = fraction >>> 16;
      const y = fraction & 0xffff;
      return x && y ? ((y / x) * 1e6) / this.rp2040.clkSys : 0; // in microseconds; 0: off
    };
  },
};

const SNIFF_CTRL = 0x434;
const SNIFF_DATA = 0x438;
const CHAN_ABORT = 0x444;
const SNIFF_ENABLE = 1 << 0; // SNIFF_CTRL
const CHANNEL_SNIFFED = 1 << 23; // CHn_CTRL
const TRANSFERS = ['transfer8', 'transfer16', 'transferSwap16', 'transfer32', 'transferSwap32'];
const WRITES = ['writeUint8', 'writeUint16', 'writeUint32'];

/** Do a transfer and give back the word that it wrote. */
function observed(mcu, transfer) {
  let written = 0;
  for (const name of WRITES) {
    const write = mcu[name];
    mcu[name] = (address, value) => {
      written = value >>> 0;
      write.call(mcu, address, value);
    };
  }
  try {
    transfer();
  } finally {
    for (const name of WRITES) delete mcu[name]; // the prototype's again
  }
  return written;
}

function isSniffed(channel) {
  const { sniffCtrl } = channel.dma;
  const chosen = (sniffCtrl >> 1) & 15;
  return sniffCtrl & SNIFF_ENABLE && channel.ctrl & CHANNEL_SNIFFED && chosen === channel.index;
}

export const dmaSniffer = {
  classes(mcu) {
    layOver(mcu.dma.constructor.prototype, {
      reads: {
        [SNIFF_CTRL]() {
          return this.sniffCtrl | 0;
        },

        [SNIFF_DATA]() {
          return snifferOutput(this.sniffCtrl, (this.sniffData ?? 0) >>> 0);
        },

        [CHAN_ABORT]: () => 0, // an abort is over at once
      },
      writes: {
        [SNIFF_CTRL](value) {
          this.sniffCtrl = value & 0xfff;
        },

        [SNIFF_DATA](value) {
          this.sniffData = value >>> 0;
        },
      },
    });
  },

  instance({ mcu }) {
    const { dma } = mcu;
    for (const channel of dma.channels) {
      for (const name of TRANSFERS) {
        const transfer = channel[name];
        const selected = channel.transferFn === transfer;
        channel[name] = () => {
          if (!isSniffed(channel)) {
            transfer();
            return;
          }
          const word = observed(mcu, transfer);
          dma.sniffData = sniffed(
            dma.sniffCtrl,
            (dma.sniffData ?? 0) >>> 0,
            word,
            channel.dataSize,
          );
        };
        if (selected) channel.transferFn = channel[name];
      }
    }
  },
};

/** A fault put in from outside: these channels (bit mask) move nothing until they are let go on. */
export function stopDma(chip, stopped, channels) {
  for (const channel of chip.mcu.dma.channels) {
    if (!((channels >> channel.index) & 1)) continue;
    if (stopped) {
      channel.transferAlarm.cancel();
      channel.scheduleTransfer = () => {};
    } else {
      delete channel.scheduleTransfer;
      if (channel.active) channel.scheduleTransfer();
    }
  }
}
