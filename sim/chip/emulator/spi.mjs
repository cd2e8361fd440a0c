// Patch "spi": a word takes its bits' time (4.4.2), and what comes back is chip.spiModel's answer.
//
// rp2040js completes a word at once. Without a model the input reads 0.

const FALLBACK_HZ = 1e6;

export const spi = {
  instance(chip) {
    chip.mcu.spi.forEach((port, index) => {
      let word = 0;
      const done = chip.clock.createAlarm(() => {
        port.completeTransmit(chip.spiModel ? chip.spiModel(index, word) : 0);
      });
      port.onTransmit = (value) => {
        word = value;
        done.schedule((port.dataBits * 1e9) / (port.clockFrequency || FALLBACK_HZ));
      };
    });
  },
};
