// The one list of what is changed in rp2040js 1.4.1, in the order in which it is applied.
//
// A patch has a name, the section of the RP2040 data sheet whose behaviour it restores, and one or
// both of: classes(mcu), applied once to rp2040js's prototypes, and instance(chip, previous),
// applied to every new chip (previous: the one before a reset). CHIP_WITHOUT=name,name leaves
// patches out: test/each_patch.test.mjs shows with it that every patch has a test that fails
// without it.

import { adcDreq, adcRoundRobin, adcSource } from './adc.mjs';
import { chipReset, qspiPads, rosc, xip } from './blocks.mjs';
import { clock } from './clock.mjs';
import { core, wfiMasked } from './core.mjs';
import { core1 } from './core1.mjs';
import { dmaSniffer, dmaTimers } from './dma.mjs';
import { flash } from './flash.mjs';
import { memory } from './memory.mjs';
import { pads } from './pads.mjs';
import { pio } from './pio.mjs';
import { bootselPin, divider } from './sio.mjs';
import { spi } from './spi.mjs';
import { flashId } from './ssi.mjs';
import { timerAlarms } from './timer.mjs';
import { uart } from './uart.mjs';
import { usbNak, usbPace, usbSuspend } from './usb.mjs';
import { watchdog } from './watchdog.mjs';

export const PATCHES = [
  clock,
  core,
  wfiMasked,
  memory,
  pio,
  dmaTimers,
  dmaSniffer,
  timerAlarms,
  divider,
  bootselPin,
  core1,
  flash,
  watchdog,
  chipReset,
  rosc,
  qspiPads,
  flashId,
  xip,
  pads,
  adcRoundRobin,
  adcDreq,
  adcSource,
  uart,
  spi,
  usbNak,
  usbPace,
  usbSuspend,
];

const without = new Set((process.env.CHIP_WITHOUT ?? '').split(',').filter(Boolean));

for (const name of without) {
  if (!PATCHES.some((patch) => patch.name === name)) throw new Error(`no patch is called ${name}`);
}

export const applied = PATCHES.filter((patch) => !without.has(patch.name));

let classesDone = false;

/** Once for the process: rp2040js's classes. */
export function patchClasses(mcu) {
  if (classesDone) return;
  classesDone = true;
  for (const patch of applied) patch.classes?.(mcu);
}
