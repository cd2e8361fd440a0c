// The control port: one JSON object a line in, {cmd, …}, and one a line out, {ok, …}
// (docs/explain/chip.md).

import fs from 'node:fs';
import net from 'node:net';
import { putIn } from './faults.mjs';
import { snapshot } from './snapshot.mjs';

const FULL_SCALE = 0xfff;

/** What an ADC channel shows: a code, or a wave of codes. */
function adcSource({ value, wave, freq, amp, offset }) {
  if (wave === 'sine') {
    return (ns) => Math.round(offset + amp * Math.sin((2 * Math.PI * freq * ns) / 1e9));
  }
  if (wave === 'ramp') {
    let next = value ?? 0;
    return () => next++ & FULL_SCALE;
  }
  return value;
}

function processorMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The commands, each a function of its arguments that gives back the fields of its answer. */
export function commands({ bench, pace, link, finish }) {
  const { chip, edges, plant } = bench;
  const { time } = chip;
  let state = null;
  return {
    time: () => ({
      cycles: time.cycles,
      ns: time.nanos,
      wall: pace.wallMs(),
      cpu: processorMs(),
      mcu_ns: chip.clock.nanos, // since the last reset
      clk: chip.mcu.clkSys,
      cpu_waiting: chip.mcu.core.waiting,
      awake_cycles: chip.mcu.core.cycles, // of core 0, since the last reset
      pc: chip.mcu.core.PC,
      dtr: chip.cable.open,
      usb_ready: chip.cable.ready,
      core1: chip.core1 !== null,
      stats: {
        flashErase: chip.flash.erased,
        flashProg: chip.flash.programmed,
        resets: chip.resets,
      },
    }),

    step: ({ ns, tx, until }) => {
      if (tx) chip.cable.send(Buffer.from(tx, 'hex'));
      const met = bench.step(ns, until);
      return { ns: time.nanos, cycles: time.cycles, met, rx: link.take().toString('hex') };
    },

    speed: ({ value }) => pace.setSpeed(value),

    adc: (details) => {
      chip.adcSource[details.ch] = adcSource(details);
    },

    gpio: ({ pin, value }) => chip.pads.drive(pin, value),
    pins: () => ({ levels: [...chip.pads.level] }),
    watch: ({ pins }) => edges.watch(pins),
    clear: () => edges.clear(),
    edges: () => ({ cyc_ns: time.nsPerCycle, edges: edges.list() }),
    vcd: ({ file }) => fs.writeFileSync(file, edges.vcd()),

    wire: ({ from, to }) => {
      chip.pads.wires.push([from, to]);
    },

    frames: ({ clear = false }) => ({ frames: plant?.takeFrames(clear) ?? [] }),
    plant: () => ({ plant: plant?.now() ?? null }),
    lead: ({ condition }) => plant?.setCondition(condition),

    fault: (details) => putIn(bench, details),
    reset: ({ kind }) => chip.reset(kind ?? 'power'),
    save: ({ file }) => chip.flash.save(file),
    fsdump: ({ file }) => chip.flash.save(file, chip.fileSystemOffset),

    peek: ({ addr, n = 1 }) => ({
      words: Array.from({ length: n }, (_, index) => chip.mcu.readUint32(addr + 4 * index)),
    }),

    keep: () => {
      if (link.client) throw new Error('a client is connected: it would not know of the way back');
      state = snapshot([bench]);
    },
    restore: () => {
      if (!state) throw new Error('nothing was kept: keep comes before restore');
      state.restore();
      link.take();
      pace.rebase();
    },

    quit: () => {
      setTimeout(() => finish(0), 10);
    },
  };
}

function answer(table, line) {
  try {
    const { cmd, ...details } = JSON.parse(line);
    if (!(cmd in table)) throw new Error(`no command is called ${cmd}`);
    return { ok: true, ...table[cmd](details) };
  } catch (error) {
    return { ok: false, error: String(error) };
  }
}

/** Listens on `port` (0: any) and gives back the server. */
export function serveControl(table, port, pace, log) {
  const server = net.createServer((socket) => {
    let pending = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const lines = (pending + bytes).split('\n');
      pending = lines.pop();
      for (const line of lines) socket.write(`${JSON.stringify(answer(table, line))}\n`);
      pace.kick();
    });
  });
  server.listen(port, '127.0.0.1', () => log(`control on 127.0.0.1:${server.address().port}`));
  return server;
}
