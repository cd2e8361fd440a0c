// The command line of run.mjs.

import fs from 'node:fs';
import { parseArgs } from 'node:util';

const MOST_PORT = 65535;
const LAST_PIN = 29;

const OPTIONS = {
  firmware: { type: 'string' },
  bootrom: { type: 'string' },
  fs: { type: 'string' },
  'fs-offset': { type: 'string', default: '0xa0000' },
  flash: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
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
  'time-limit': { type: 'string', default: '0' },
  'until-eof': { type: 'boolean', default: false },
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
  --host NAME             where that listens (127.0.0.1)
  --ctl-port N            control port                    --uart-port N   UART 0 on TCP
  --speed 1|max|N|0       1: real time at most; 0: only by the control command step
  --plant JSON            stage and load at the pins, see plant.mjs
  --adc CH=CODE           a fixed ADC code                --wire FROM:TO  a pin to another
  --watch PIN,PIN         log the edges there; --edges FILE, --vcd FILE: written at the end
  --time-limit SECONDS    end by itself (0: never)        --until-eof     end when stdin does
  --seed N                of random bits                  --verbose       what rp2040js warns of
  --usb-packet-ns N       time of a packet (50000)        --no-flash-timing
  --no-dtr-follow         DTR is up from the start        --drop-on-reset, --exit-on-disconnect
`;

const USAGE = 2; // exit code

function refuse(message) {
  process.stderr.write(`run.mjs: ${message}\n`);
  process.exit(USAGE);
}

/** A number from `least` on, or the end. */
function number(text, name, least = 0, most = Infinity) {
  const value = Number(text);
  if (text.trim() !== '' && value >= least && value <= most) return value;
  return refuse(`--${name}: ${text} is no number from ${least} to ${most}`);
}

function numberPair(text, separator, name) {
  const parts = text.split(separator);
  if (parts.length !== 2) refuse(`--${name}: ${text} is no pair such as 2${separator}3`);
  return parts.map((part) => number(part, name));
}

function parsed(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    return refuse(`${error.message.split(/\. |\.?\n/)[0]}; --help lists the options`);
  }
}

function plantFacts(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(`--plant: ${error.message}`);
  }
}

const optional = (values, name) => values[name] && number(values[name], name);

/** The options as the rig wants them. Prints the help, or what is wrong, and ends where it must. */
export function readOptions(args) {
  const values = parsed(args);
  if (values.help || !values.firmware || !values.bootrom) {
    process.stderr.write(HELP);
    process.exit(values.help ? 0 : USAGE);
  }
  for (const name of ['firmware', 'bootrom', 'fs']) {
    if (values[name] && !fs.existsSync(values[name])) refuse(`--${name}: no file ${values[name]}`);
  }
  return {
    ...values,
    port: number(values.port, 'port', 0, MOST_PORT),
    'ctl-port': values['ctl-port'] && number(values['ctl-port'], 'ctl-port', 0, MOST_PORT),
    'uart-port': values['uart-port'] && number(values['uart-port'], 'uart-port', 0, MOST_PORT),
    'time-limit': number(values['time-limit'], 'time-limit'),
    speed: values.speed === 'max' ? 'max' : number(values.speed, 'speed'),
    adc: values.adc.map((text) => numberPair(text, '=', 'adc')),
    wire: values.wire.map((text) => numberPair(text, ':', 'wire')),
    watch: values.watch
      .split(',')
      .filter(Boolean)
      .map((pin) => number(pin, 'watch', 0, LAST_PIN)),
    plant: values.plant ? plantFacts(values.plant) : null,
  };
}

/** The part of them that the chip wants. */
export function chipOptions(options) {
  return {
    bootrom: options.bootrom,
    firmware: options.firmware,
    fileSystem: options.fs,
    fileSystemOffset: number(options['fs-offset'], 'fs-offset'),
    flashFile: options.flash,
    flashTiming: !options['no-flash-timing'],
    open: options['no-dtr-follow'],
    packetNs: optional(options, 'usb-packet-ns'),
    seed: optional(options, 'seed'),
  };
}
