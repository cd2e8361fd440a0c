// Patches of the ADC: "adc-round-robin" (4.9.2.3), "adc-dreq" (4.9.2.5) and "adc-source", which
// takes each conversion from whatever stands at the pin.

import { layOver } from './registers.mjs';

const CS = 0x00;
const FCS = 0x08;
const START_MANY = 1 << 3; // CS
const DREQ_ENABLE = 1 << 3; // FCS
const CHANNEL_AT = 12; // CS.AINSEL
const ROUND_ROBIN = 31 << 16; // CS.RROBIN
const CHANNELS = 5;
const DREQ_ADC = 36;
const SAMPLE_NS = 2000; // 96 cycles of 48 MHz

/** rp2040js masks AINSEL with the wrong constant and does not turn round at the last channel. */
export const adcRoundRobin = {
  classes(mcu) {
    const adc = mcu.adc.constructor.prototype;
    const { completeADCRead } = adc;

    Object.defineProperty(adc, 'activeChannel', {
      get() {
        return (this.cs >> CHANNEL_AT) & 7;
      },
      set(channel) {
        this.cs = (this.cs & ~(7 << CHANNEL_AT)) | ((channel & 7) << CHANNEL_AT);
      },
    });

    adc.completeADCRead = function complete(value, failed) {
      const chosen = this.cs & ROUND_ROBIN;
      if (chosen) this.activeChannel = channelAfter(this.activeChannel, chosen >> 16);
      this.cs &= ~ROUND_ROBIN; // hidden from rp2040js's own turn
      completeADCRead.call(this, value, failed);
      this.cs |= chosen;
    };
  },
};

function channelAfter(channel, chosen) {
  for (let step = 1; step <= CHANNELS; step += 1) {
    const next = (channel + step) % CHANNELS;
    if (chosen & (1 << next)) return next;
  }
  return channel;
}

/** rp2040js looks at the FIFO's request only when a sample comes or goes. */
export const adcDreq = {
  classes(mcu) {
    layOver(mcu.adc.constructor.prototype, {
      writes: {
        [CS](value, stock) {
          stock(value);
          if (!(value & START_MANY)) this.multiShotAlarm.cancel();
        },

        [FCS](value, stock) {
          stock(value);
          if (this.fcs & DREQ_ENABLE) this.updateDMA();
          else this.rp2040.dma.clearDREQ(DREQ_ADC);
        },
      },
    });
  },
};

export const adcSource = {
  instance(chip) {
    const { adc } = chip.mcu;
    adc.onADCRead = (channel) => {
      const source = chip.adcSource[channel];
      const value = typeof source === 'function' ? source(chip.time.nanos, channel) : source;
      adc.channelValues[channel] = value & 0xfff;
      adc.currentChannel = channel;
      adc.sampleAlarm.schedule(SAMPLE_NS);
    };
  },
};
