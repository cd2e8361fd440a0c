// Things that go wrong, put in from outside. Each is a function of (chip, its arguments).
//
// All but "power" and "reset" last until they are undone; a reset undoes stop_cpu and stop_dma.

import { stopDma } from '../emulator/dma.mjs';

const RAM = 0x20000000;
const RAM_END = 0x20042000;

function word(chip, address) {
  if (address < RAM || address >= RAM_END || address % 4) {
    throw new Error(`0x${address.toString(16)} is not a word of RAM: 0x20000000 to 0x20041ffc`);
  }
  return chip.mcu.readUint32(address) >>> 0;
}

export const FAULTS = {
  /** Core 0 executes nothing more, as in a lock-up; the clocks, PIO and DMA go on. */
  stop_cpu: (chip) => chip.scheduler.stopCpu(true),

  start_cpu: (chip) => chip.scheduler.stopCpu(false),

  /** These DMA channels (a bit mask; all of them) move nothing. */
  stop_dma: (chip, { channels = -1 }) => stopDma(chip, true, channels),

  start_dma: (chip, { channels = -1 }) => stopDma(chip, false, channels),

  /** Turn the bits of `mask` in the word at `address`. */
  flip: (chip, { address, mask = 1 }) => {
    chip.mcu.writeUint32(address, (word(chip, address) ^ mask) >>> 0);
  },

  poke: (chip, { address, value }) => {
    word(chip, address);
    chip.mcu.writeUint32(address, value);
  },

  pull_usb: (chip) => chip.cable.setPlugged(false),

  plug_usb: (chip) => chip.cable.setPlugged(true),

  /** The terminal closes (open: false) or opens the port: DTR. */
  usb_open: (chip, { open }) => chip.cable.setOpen(open),

  /** The supply fails, and is back after `off_ns`: pins float to their pulls meanwhile. */
  power: (chip, { off_ns: offNs = 0 }, bench) => {
    chip.reset('power');
    if (offNs <= 0) return;
    chip.scheduler.stopCpu(true);
    const { time } = chip;
    bench.at(time.cycles + Math.round(offNs / time.nsPerCycle), () =>
      chip.scheduler.stopCpu(false),
    );
  },

  reset: (chip, { kind = 'run' }) => chip.reset(kind),
};

/** Now, or `after_ns` from now, or at the cycle `at_cycle`. Error for a fault that is not known. */
export function putIn(bench, { what, after_ns: afterNs, at_cycle: atCycle, ...details }) {
  const fault = FAULTS[what];
  if (!fault) throw new Error(`no fault is called ${what}: ${Object.keys(FAULTS).join(', ')}`);
  const { time } = bench.chip;
  const action = () => fault(bench.chip, details, bench);
  if (atCycle !== undefined) bench.at(atCycle, action);
  else if (afterNs !== undefined) {
    bench.at(time.cycles + Math.round(afterNs / time.nsPerCycle), action);
  } else action();
}
