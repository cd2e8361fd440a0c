#!/usr/bin/env node
// Real MicroPython on an emulated RP2040, with stage and load at its pins: docs/explain/chip.md.
//
// Puts the parts together: chip (emulator/), plant (plant.mjs), and the world around them (rig/).

import fs from 'node:fs';
import { LogLevel } from 'rp2040js';
import { Chip } from './emulator/chip.mjs';
import { Plant } from './plant.mjs';
import { Bench } from './rig/bench.mjs';
import { commands, serveControl } from './rig/control.mjs';
import { chipOptions, readOptions } from './rig/options.mjs';
import { Pace } from './rig/pace.mjs';
import { UsbLink, serveUart } from './rig/server.mjs';

const TIME_LIMIT = 3; // exit codes
const NO_PORT = 4;

const log = (text) => console.error('[chip]', text);

function buildBench(options) {
  const logLevel = options.verbose ? LogLevel.Warn : LogLevel.Error;
  const chip = new Chip({ ...chipOptions(options), logLevel });
  const bench = new Bench(chip, options.plant ? new Plant(options.plant) : null);
  for (const [channel, code] of options.adc) chip.adcSource[channel] = code;
  chip.pads.wires.push(...options.wire);
  bench.edges.watch(options.watch);
  return bench;
}

function finisher(options, bench, pace) {
  return (code) => {
    const { chip, edges } = bench;
    if (options.edges) {
      const content = { cyc_ns: chip.time.nsPerCycle, edges: edges.list() };
      fs.writeFileSync(options.edges, JSON.stringify(content));
    }
    if (options.vcd) fs.writeFileSync(options.vcd, edges.vcd());
    if (options.flash) chip.flash.save(options.flash);
    const emulated = (chip.time.nanos / 1e9).toFixed(3);
    log(`end: ${emulated} emulated s in ${(pace.wallMs() / 1e3).toFixed(3)} wall s`);
    process.exit(code);
  };
}

/** Every port that was asked for. One that cannot be had ends the rig. */
function listen(options, bench, pace, link, finish) {
  const { host, port, 'ctl-port': controlPort, 'uart-port': uartPort } = options;
  const servers = [link.listen(host, port, pace, log)];
  if (controlPort !== undefined) {
    servers.push(serveControl(commands({ bench, pace, link, finish }), controlPort, pace, log));
  }
  if (uartPort !== undefined) servers.push(serveUart(bench.chip, uartPort, pace));
  for (const server of servers) {
    server.on('error', (error) => {
      log(`cannot listen: ${error.message}`);
      process.exit(NO_PORT);
    });
  }
}

function endWhenTold(options, finish) {
  process.on('SIGTERM', () => finish(0));
  process.on('SIGINT', () => finish(0));
  if (options['until-eof']) process.stdin.on('end', () => finish(0)).resume();
  const limitS = options['time-limit'];
  if (limitS === 0) return;
  setTimeout(() => {
    log('time limit');
    finish(TIME_LIMIT);
  }, limitS * 1000);
}

function main() {
  const options = readOptions(process.argv.slice(2));
  const bench = buildBench(options);
  const { chip } = bench;
  let finish = () => {};
  const onBye = () => options['exit-on-disconnect'] && finish(0);
  const link = new UsbLink(chip, { follow: !options['no-dtr-follow'], onBye });
  const pace = new Pace(bench, link, options.speed);
  finish = finisher(options, bench, pace);

  chip.cable.onReady = () => {
    const emulated = (chip.time.nanos / 1e6).toFixed(2);
    log(`USB enumerated: wall ${pace.wallMs().toFixed(0)} ms, emulated ${emulated} ms`);
  };
  chip.onReset = (kind) => {
    log(`chip reset (${kind}) at ${(chip.time.nanos / 1e6).toFixed(3)} ms`);
    if (options['drop-on-reset']) link.drop();
  };
  listen(options, bench, pace, link, finish);
  endWhenTold(options, finish);
  pace.kick();
}

main();
