// The command line of run.mjs.

import { parseArgs } from 'node:util';

const OPTIONS = {
  firmware: { type: 'string' },
  bootrom: { type: 'string' },
  fs: { type: 'string' },
  'fs-offset': { type: 'string', default: '0xa0000' },
  flash: { type: 'string' },
  port: { type: 'string', default: '0' },
  'ctl-port': { type: 'string' },
  'uart-port': { type: 'string' },
  speed: { type: 'string', default: '1' },
  plant: { type: 'string' },
  adc: { type: 'string', multiple: true, default: [] },
  wire: { type: 'string', multiple: true, default: [] },
  watch: { type: 'string', default: '' },
  edges: { type: 'string' },
  vcd: { type: 'string' },
  seed: { type: 'string' },
  'time-limit': { type: 'string', default: '600' },
  'usb-packet-ns': { type: 'string' },
  'no-flash-timing': { type: 'boolean', default: false },
  'no-dtr-follow': { type: 'boolean', default: false },
  'drop-on-reset': { type: 'boolean', default: false },
  'exit-on-disconnect': { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

const HELP = `node run.mjs --firmware FILE --bootrom FILE [options]
  --firmware FILE         MicroPython for RPI_PICO, .uf2 or .bin
  --bootrom FILE          the RP2040's boot ROM, 16 KiB
  --fs FILE               littlefs image of its files     --fs-offset N   where in flash (0xa0000)
  --flash FILE            the whole flash: read at the start, written at the end
  --port N                USB serial on TCP (0: any free one; it is named on stderr)
  --ctl-port N            control port                    --uart-port N   UART 0 on TCP
  --speed 1|max|N|0       1: real time at most; 0: only by the control command step
  --plant JSON            stage and load at the pins, see plant.mjs
  --adc CH=CODE           a fixed ADC code                --wire FROM:TO  a pin to another
  --watch PIN,PIN         log the edges there; --edges FILE, --vcd FILE: written at the end
  --time-limit SECONDS    end by itself (600)             --seed N        of random bits
  --usb-packet-ns N       time of a packet (50000)        --no-flash-timing
  --no-dtr-follow         DTR is up from the start        --drop-on-reset, --exit-on-disconnect
`;

const numberPair = (text, separator) => text.split(separator).map(Number);

/** The options as the rig wants them; prints the help and ends where that was asked for. */
export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help || !values.firmware || !values.bootrom) {
    process.stderr.write(HELP);
    process.exit(values.help ? 0 : 2);
  }
  return {
    ...values,
    adc: values.adc.map((text) => numberPair(text, '=')),
    wire: values.wire.map((text) => numberPair(text, ':')),
    watch: values.watch.split(',').filter(Boolean).map(Number),
    plant: values.plant ? JSON.parse(values.plant) : null,
  };
}

/** The part of them that the chip wants. */
export function chipOptions(options) {
  const packetNs = options['usb-packet-ns'];
  return {
    bootrom: options.bootrom,
    firmware: options.firmware,
    fileSystem: options.fs,
    fileSystemOffset: Number(options['fs-offset']),
    flashFile: options.flash,
    flashTiming: !options['no-flash-timing'],
    open: options['no-dtr-follow'],
    packetNs: packetNs ? Number(packetNs) : undefined,
    seed: options.seed ? Number(options.seed) : undefined,
  };
}
