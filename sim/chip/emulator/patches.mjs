// The one list of what is changed in rp2040js 1.4.1, in the order in which it is applied.
//
// A row has the patch's name, the sections of the RP2040 data sheet whose behaviour it restores, what
// it restores, and the file that exports it (dma-timers as dmaTimers). A patch is one or both of:
// classes(mcu), applied once to rp2040js's prototypes, and instance(chip, previous), applied to every
// new chip (previous: the one before a reset). CHIP_WITHOUT=name,name leaves patches out:
// test/each_patch.test.mjs shows with it that every patch has a test that fails without it.

const TABLE = `
clock | 2.5 | what is due at an instant happens then, in the order in which it was set | clock.mjs
core | 2.4 | SEV wakes a core that waits in WFE; instructions from a table, for speed | core.mjs
wfi-masked | 2.4 | an interrupt wakes a core that sleeps with interrupts masked, without being taken | core.mjs
memory | 2.6.3 | nothing: short ways to RAM and flash | memory.mjs
pio | 3 | state machines that keep to their clock, with delays, joined FIFOs and synchronisers | pio.mjs
dma-timers | 2.5.5.1 | a pacing timer requests X transfers in Y cycles | dma.mjs
dma-sniffer | 2.5.5.2 | the checksum of what a channel moves (CRC-32, CRC-16, parity, sum) | dma.mjs
timer-alarms | 4.6.3 | an alarm fires at the microsecond it names, not before | timer.mjs
divider | 2.3.1.5 | whole quotients, and what a division by zero gives | sio.mjs
bootsel-pin | 2.3.1.2 | the QSPI pads read idle | sio.mjs
core1 | 2.3.1.1, 2.3.1.4, 2.13 | the second core with its mailboxes, its power switch and SEV | core1.mjs
flash | 2.8.3.1.3 | the boot ROM's functions that erase and program the flash, in their time | flash.mjs
watchdog | 4.7 | a watchdog that runs out resets the chip and says so afterwards | watchdog.mjs
chip-reset | 2.12 | the cause of the last reset: power, the RUN pin, or neither | blocks.mjs
rosc | 2.17.5 | random bits, and a ring oscillator that is stable | blocks.mjs
qspi-pads | 2.19 | the override of the flash's chip select, by which software begins and ends a command | blocks.mjs
flash-id | 4.10 | the flash's JEDEC id and unique id | ssi.mjs
xip | 2.6.3 | the cache: flushed, its streaming FIFO empty | blocks.mjs
pads | 2.19.6.3 | input buffers that are on after a reset | pads.mjs
adc-round-robin | 4.9.2.3 | conversions of the chosen channels by turns | adc.mjs
adc-dreq | 4.9.2.5 | the DMA request follows FCS at once; conversions stop when START_MANY is cleared | adc.mjs
adc-source | 4.9.2 | each conversion holds what stood at its pin when it began | adc.mjs
uart | 4.2 | FIFOs with thresholds and timeouts, characters that take their time | uart.mjs
spi | 4.4 | words that take the time of their bits | spi.mjs
usb-nak | 4.1.2.6.3 | an OUT endpoint that waits until the host has something for it | usb.mjs
usb-pace | 4.1.2.6.2 | IN packets that take their time on the bus | usb.mjs
usb-suspend | 4.1.2.6.4 | a device that can take note of the silence on the bus | usb.mjs
`;

async function patchOf(row) {
  const [name, section, restores, file] = row.split('|').map((cell) => cell.trim());
  const exported = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  const { [exported]: patch } = await import(`./${file}`);
  return { name, section, restores, ...patch };
}

export const PATCHES = await Promise.all(TABLE.trim().split('\n').map(patchOf));

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
