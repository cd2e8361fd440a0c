// The chip: rp2040js with its patches, built anew at each reset, with what outlives one around it.
//
// Flash, pads, cable, time and the watchdog's scratch registers stay; RAM stays but for a power-on.

import fs from 'node:fs';
import { ConsoleLogger, LogLevel, RP2040 } from 'rp2040js';
import { AlarmClock } from './clock.mjs';
import { Mailboxes } from './core1.mjs';
import { Flash, stubRom } from './flash.mjs';
import { Pads } from './pads.mjs';
import { applied, patchClasses } from './patches.mjs';
import { Scheduler } from './scheduler.mjs';
import { Timeline } from './timeline.mjs';
import { UsbCable } from './usb.mjs';

const ROM_BYTES = 16384;
const FLASH_START = 0x10000000;
const FILE_SYSTEM = 0xa0000; // where MicroPython's RPI_PICO image keeps its files
const SEED = 0x12345678;
const ROOM_TEMPERATURE = 876; // ADC code of the chip's own sensor at 27 degrees
const UNIQUE_ID = [0xe6, 0x60, 0x58, 0x38, 0x83, 0x4a, 0x2b, 0x21];

const bytesOf = (source) => (typeof source === 'string' ? fs.readFileSync(source) : source);

export class Chip {
  /**
   * Files: `bootrom` (16 KiB, or its bytes), `firmware` (.uf2 or .bin), `fileSystem` (littlefs
   * image) and `flashFile` (a whole flash, read where it exists), all but the first optional.
   * Also `flashTiming`, `open` (DTR from the start), `packetNs`, `seed`, `logLevel`.
   */
  constructor(options) {
    this.rom = new Uint8Array(ROM_BYTES);
    this.rom.set(bytesOf(options.bootrom).subarray(0, ROM_BYTES));
    if (this.patched('flash')) stubRom(this.rom);
    this.logLevel = options.logLevel ?? LogLevel.Error;
    this.time = new Timeline();
    this.scheduler = new Scheduler(this);
    this.flash = new Flash(this, { timed: options.flashTiming });
    this.fillFlash(options);
    this.pads = new Pads();
    this.cable = new UsbCable(options);
    this.adcSource = [0, 0, 0, 0, ROOM_TEMPERATURE]; // a code, or (ns, channel) => code
    this.onUart = [];
    this.onReset = () => {}; // (kind)
    this.spiModel = null;
    this.resets = 0;
    this.uniqueId = UNIQUE_ID;
    this.randomState = (options.seed ?? 0) >>> 0 || SEED; // 0 would stay 0
    this.build('power', null);
  }

  fillFlash({ flashFile, firmware, fileSystem, fileSystemOffset = FILE_SYSTEM }) {
    this.fileSystemOffset = fileSystemOffset;
    if (flashFile && fs.existsSync(flashFile)) this.flash.load(flashFile, 0);
    if (firmware) this.flash.loadFirmware(firmware);
    if (fileSystem) this.flash.load(fileSystem, fileSystemOffset);
  }

  patched(name) {
    return applied.some((patch) => patch.name === name);
  }

  randomBit() {
    let x = this.randomState;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.randomState = x >>> 0;
    return x & 1;
  }

  /** A new RP2040; `previous` is the one before this reset, or null at first. */
  build(kind, previous) {
    this.resetKind = kind;
    this.clock = this.patched('clock') ? new AlarmClock(this) : new RP2040().clock;
    this.mcu = new RP2040(this.clock);
    this.mcu.chip = this;
    this.core1 = null;
    this.mailboxes = new Mailboxes(this);
    patchClasses(this.mcu);
    this.mcu.logger = new ConsoleLogger(this.logLevel, false);
    this.connectMemory(previous);
    this.time.setFrequency(this.mcu.clkSys);
    this.mcu.addClockListener((hertz) => this.time.setFrequency(hertz));
    this.pendingReset = null;
    this.scheduler.busyUntil = 0;
    this.scheduler.stopCpu(false);
    this.cable.connect(this);
    this.flash.deselect();
    for (const patch of applied) patch.instance?.(this, previous);
    this.pads.connect(this);
    this.start();
  }

  connectMemory(previous) {
    const { mcu } = this;
    mcu.bootrom.set(new Uint32Array(this.rom.buffer));
    const { buffer } = this.flash.bytes;
    mcu.flash = this.flash.bytes;
    mcu.flash16 = new Uint16Array(buffer);
    mcu.flash32 = new Uint32Array(buffer);
    mcu.flashView = new DataView(buffer);
    if (previous) mcu.sram.set(previous.sram);
    mcu.sram16 = new Uint16Array(mcu.sram.buffer);
    mcu.sram32 = new Uint32Array(mcu.sram.buffer);
  }

  /** Straight into the second stage of the boot loader, at the start of the flash. */
  start() {
    const { core } = this.mcu;
    core.VTOR = 0;
    core.reset();
    core.PC = FLASH_START;
  }

  /** 'power': as if unplugged and plugged in again; 'run': the RUN pin; 'watchdog'. */
  reset(kind = 'power') {
    this.resets += 1;
    const previous = this.mcu;
    if (kind !== 'watchdog') {
      // 4.7.6, REASON: both bits are zero for the case of a hardware reset
      previous.peripherals[0x40058].reason = 0;
      previous.peripherals[0x40058].scratchData.fill(0);
    }
    if (kind === 'power') {
      this.flash.tear();
      previous.sram.fill(0);
    }
    this.build(kind, previous);
    this.onReset(kind);
  }

  /** Something that the emulation does not know; said once. */
  report(what, core) {
    if (this.reported) return;
    this.reported = true;
    console.error('[chip]', `${what} at ${(core.PC - 2).toString(16)}`);
  }

  run(end) {
    return this.scheduler.run(end);
  }
}
