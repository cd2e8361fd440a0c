// DMA, ADC, UART, SPI and USB.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CYCLES_PER_US,
  RAM,
  enable,
  loadMachine,
  read,
  runFor,
  sleepingChip,
  write,
} from './support.mjs';

const DMA = 0x50000000;
const ADC = 0x4004c000;
const UART0 = 0x40034000;
const SPI0 = 0x4003c000;
const TIMERAWL = 0x40054028;

const ctrl = { en: 1, word: 2 << 2, bothMove: (1 << 4) | (1 << 5), unpaced: 0x3f << 15 };
const sniffed = 1 << 23; // CTRL

function transfer(chip, { from, to, count, control }) {
  write(chip, DMA, from);
  write(chip, DMA + 4, to);
  write(chip, DMA + 8, count);
  write(chip, DMA + 0x0c, control | ctrl.en);
}

const busy = (chip) => ((read(chip, DMA + 0x10) >>> 24) & 1) === 1;

/** A pacing timer of 1 / 1250 makes `count` transfers in that many times 10 us. */
function paced(timer, count) {
  const chip = sleepingChip();
  write(chip, DMA + 0x420 + 4 * timer, (1 << 16) | 1250);
  const control = ctrl.bothMove | ((0x3b + timer) << 15);
  transfer(chip, { from: RAM, to: RAM + 0x1000, count, control });
  runFor(chip, (10 * count - 5) * CYCLES_PER_US);
  assert.equal(busy(chip), true);
  runFor(chip, 10 * CYCLES_PER_US);
  assert.equal(busy(chip), false);
}

test('[dma-timers] X / Y = 1 / 1250 makes 100 transfers in a millisecond', () => paced(0, 100));

test('[dma-timers] TIMER3 is no different', () => paced(3, 10));

test('[clock] what a state machine begins while the CPU sleeps happens at its instant', () => {
  const chip = sleepingChip();
  // set(x, 31); jmp(x_dec, 1)[31]; push(block); jmp(3): the push is 1026 cycles, 8.2 us, on
  loadMachine(chip, [0xe03f, 0x1f41, 0x8020, 0x0003]);
  transfer(chip, { from: TIMERAWL, to: RAM, count: 1, control: ctrl.word | (4 << 15) }); // RX 0
  enable(chip);
  runFor(chip, 100 * CYCLES_PER_US);
  assert.equal(read(chip, RAM), 8);
});

function checksum(mode, seed, extra = 0) {
  const chip = sleepingChip();
  [...'123456789'].forEach((letter, at) => {
    chip.mcu.writeUint8(RAM + at, letter.charCodeAt(0));
  });
  write(chip, DMA + 0x438, seed);
  write(chip, DMA + 0x434, 1 | (mode << 5) | extra);
  const control = ctrl.bothMove | ctrl.unpaced | sniffed;
  transfer(chip, { from: RAM, to: RAM + 0x1000, count: 9, control });
  runFor(chip, 100);
  return read(chip, DMA + 0x438);
}

test('[dma-sniffer] CRC-32 and CRC-16 of "123456789" are the catalogue\'s check values', () => {
  assert.equal(checksum(1, 0xffffffff, (1 << 10) | (1 << 11)), 0xcbf43926);
  assert.equal(checksum(2, 0xffff), 0x29b1); // CRC-16/CCITT-FALSE
  assert.equal(checksum(15, 0), 477); // the sum of the nine bytes
});

function convert(chip, { control, fifo = 0, ns = 20_000 }) {
  write(chip, ADC + 0x08, fifo);
  write(chip, ADC, control);
  runFor(chip, (ns / 1000) * CYCLES_PER_US);
}

test('[adc-round-robin] channels 1 and 4 are converted by turns', () => {
  const chip = sleepingChip();
  chip.adcSource[1] = 111;
  chip.adcSource[4] = 444;
  convert(chip, { control: (0x12 << 16) | (1 << 12) | 8 | 1, fifo: 1, ns: 9000 });
  const codes = Array.from({ length: 4 }, () => read(chip, ADC + 0x0c));
  assert.deepEqual(codes, [111, 444, 111, 444]);
});

test('[adc-dreq] samples that wait request DMA as soon as that is switched on', () => {
  const chip = sleepingChip();
  convert(chip, { control: 4 | 1, fifo: (1 << 24) | 1 });
  assert.ok(!chip.mcu.dma.dreq[36]);
  write(chip, ADC + 0x08, (1 << 24) | 8 | 1);
  assert.equal(chip.mcu.dma.dreq[36], true);
  write(chip, ADC + 0x08, 0);
  assert.equal(chip.mcu.dma.dreq[36], false);
});

test('[adc-source] a conversion takes 2 us and holds what stood at the pin when it began', () => {
  const chip = sleepingChip();
  runFor(chip, 10 * CYCLES_PER_US);
  chip.adcSource[0] = (ns) => Math.round(ns / 1000);
  convert(chip, { control: 4 | 1, ns: 1900 });
  assert.equal((read(chip, ADC) >>> 8) & 1, 0); // READY
  runFor(chip, 20);
  assert.equal(read(chip, ADC + 0x04), 10);
});

function openUart(chip) {
  write(chip, UART0 + 0x24, 67); // 125 MHz / 16 / (67 + 52 / 64) = 115207 baud
  write(chip, UART0 + 0x28, 52);
  write(chip, UART0 + 0x2c, 0x70); // 8N1 with FIFOs
  write(chip, UART0 + 0x30, 0x301);
}

test('[uart] three characters take 87 us each', () => {
  const chip = sleepingChip();
  const sent = [];
  chip.onUart[0] = (byte) => sent.push(byte);
  openUart(chip);
  for (const byte of [1, 2, 3]) write(chip, UART0, byte);
  runFor(chip, 80 * CYCLES_PER_US);
  assert.deepEqual(sent, []);
  runFor(chip, 100 * CYCLES_PER_US);
  assert.deepEqual(sent, [1, 2]);
  runFor(chip, 90 * CYCLES_PER_US);
  assert.deepEqual(sent, [1, 2, 3]);
});

test('[uart] the transmit interrupt comes when the FIFO runs low, and can be cleared', () => {
  const chip = sleepingChip();
  openUart(chip);
  write(chip, UART0 + 0x38, 0x20);
  const raised = () => (read(chip, UART0 + 0x40) & 0x20) !== 0;
  assert.equal(raised(), false);
  write(chip, UART0, 65);
  assert.equal(raised(), true);
  write(chip, UART0 + 0x44, 0x20);
  assert.equal(raised(), false);
});

test('[uart] what arrives before the threshold is told by the timeout', () => {
  const chip = sleepingChip();
  openUart(chip);
  chip.mcu.uart[0].receive([9]);
  runFor(chip, 100 * CYCLES_PER_US);
  assert.equal(read(chip, UART0 + 0x3c) & 0x50, 0);
  runFor(chip, 300 * CYCLES_PER_US); // 32 bit times
  assert.equal(read(chip, UART0 + 0x3c) & 0x50, 0x40);
  assert.equal(read(chip, UART0), 9);
});

test("[spi] eight bits at 1 MHz take 8 us, and what comes back is the model's", () => {
  const chip = sleepingChip();
  chip.spiModel = (port, value) => value + 1;
  write(chip, SPI0 + 0x10, 124); // / 124: 1.008 MHz
  write(chip, SPI0, 7);
  write(chip, SPI0 + 4, 2);
  write(chip, SPI0 + 8, 0x41);
  const received = () => (read(chip, SPI0 + 0x0c) & 4) !== 0;
  runFor(chip, 7 * CYCLES_PER_US);
  assert.equal(received(), false);
  runFor(chip, 2 * CYCLES_PER_US);
  assert.equal(received(), true);
  assert.equal(read(chip, SPI0 + 8), 0x42);
});

test('[usb-nak] an OUT endpoint waits until the host has something', () => {
  const chip = sleepingChip();
  const { cable } = chip;
  const { usbCtrl } = chip.mcu;
  const packets = [];
  usbCtrl.endpointReadDone = (endpoint, packet) => packets.push([...packet]);
  cable.ready = true;
  usbCtrl.onEndpointRead(cable.cdc.outEndpoint, 64);
  assert.deepEqual(packets, []);
  cable.send(Uint8Array.from([1, 2, 3]));
  assert.deepEqual(packets, [[1, 2, 3]]);
});

test('[usb-nak] the host sends 64 bytes at most in a packet, and one packet at a time', () => {
  const chip = sleepingChip();
  const { cable } = chip;
  const sizes = [];
  chip.mcu.usbCtrl.endpointReadDone = (endpoint, packet) => sizes.push(packet.length);
  cable.ready = true;
  cable.send(new Uint8Array(100));
  for (let turn = 0; turn < 3; turn += 1) {
    chip.mcu.usbCtrl.onEndpointRead(cable.cdc.outEndpoint, 64);
  }
  assert.deepEqual(sizes, [64, 36]);
});

test('[usb-pace] an IN packet is on its way for 50 us', () => {
  const chip = sleepingChip();
  const usb = chip.mcu.usbCtrl;
  usb.indicateBufferReady(2, false);
  runFor(chip, 49 * CYCLES_PER_US);
  assert.equal(usb.buffStatus, 0);
  runFor(chip, 2 * CYCLES_PER_US);
  assert.equal(usb.buffStatus, 1 << 4);
});

test('[usb-suspend] the device clears the note of a silent bus', () => {
  const chip = sleepingChip();
  chip.cable.setPlugged(false);
  const status = () => (read(chip, 0x50110050) >>> 4) & 1;
  assert.equal(status(), 1);
  write(chip, 0x50110050 + 0x3000, 1 << 4); // the alias that clears
  assert.equal(status(), 0);
  assert.equal((read(chip, 0x5011008c) >>> 14) & 1, 0); // INTR.DEV_SUSPEND
});
