// run.mjs as a process: its command line, its ports, its ends. The firmware is eight opcodes.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testRom } from './support.mjs';

const RUN = fileURLToPath(new URL('../run.mjs', import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'chip-'));
const inFolder = (name) => path.join(folder, name);
after(() => fs.rmSync(folder, { recursive: true }));

/** GPIO2 to SIO, as output; then turned over for ever. */
const BLINK = [
  0x4803, // ldr r0, [pc, #12]       GPIO2_CTRL
  0x2105, // movs r1, #5             SIO
  0x6001, // str r1, [r0]
  0x4803, // ldr r0, [pc, #12]       SIO
  0x2104, // movs r1, #4             pin 2
  0x6241, // str r1, [r0, #0x24]     GPIO_OE_SET
  0x61c1, // str r1, [r0, #0x1c]     GPIO_OUT_XOR
  0xe7fd, // b . - 2
  ...[0x4014, 0x4001, 0x0000, 0xd000], // 0x40014014, 0xd0000000
];
fs.writeFileSync(inFolder('blink.bin'), Uint8Array.from(BLINK.flatMap((x) => [x & 255, x >> 8])));
fs.writeFileSync(inFolder('rom.bin'), testRom());
const FILES = ['--firmware', inFolder('blink.bin'), '--bootrom', inFolder('rom.bin')];

const ended = (args) =>
  spawnSync(process.execPath, [RUN, ...args], { encoding: 'utf8', timeout: 30_000 });

/** A running rig: {ask, lines, over (its exit code), process}. */
async function started(args) {
  const child = spawn(process.execPath, [RUN, ...FILES, '--ctl-port', '0', ...args]);
  const over = new Promise((resolve) => child.on('exit', resolve));
  let log = '';
  const port = await new Promise((resolve) => {
    child.stderr.on('data', (text) => {
      log += text;
      const listening = /control on 127\.0\.0\.1:(\d+)/.exec(log);
      if (listening) resolve(Number(listening[1]));
    });
  });
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {}); // a rig that is killed resets it
  const waiting = [];
  let pending = '';
  socket.on('data', (text) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop();
    for (const line of lines) waiting.shift()(JSON.parse(line));
  });
  const ask = (cmd, details = {}) => {
    socket.write(`${JSON.stringify({ cmd, ...details })}\n`);
    return new Promise((resolve) => waiting.push(resolve));
  };
  return { ask, over, child, port, log: () => log };
}

const REFUSALS = [
  [['--nonsense'], /--nonsense.*--help/],
  [['--firmware', '/no/x.uf2', '--bootrom', '/no/rom.bin'], /--firmware: no file \/no\/x\.uf2/],
  [[...FILES, '--port', 'x'], /--port: x is no number from 0 to 65535/],
  [[...FILES, '--speed=-1'], /--speed: -1/],
  [[...FILES, '--speed', '-1'], /'--speed' argument is ambiguous; --help/],
  [[...FILES, '--watch', '2,30'], /--watch: 30 is no number from 0 to 29/],
  [[...FILES, '--wire', '2'], /--wire: 2 is no pair such as 2:3/],
  [[...FILES, '--adc', '0=x'], /--adc: x/],
  [[...FILES, '--plant', '{'], /--plant: /],
];

for (const [args, message] of REFUSALS) {
  test(`refused, in one line: ${args.slice(-2).join(' ')}`, () => {
    const { status, stderr } = ended(args);
    assert.equal(status, 2);
    assert.match(stderr, message);
    assert.equal(stderr.trim().split('\n').length, 1);
  });
}

test('without its two files it says what it takes', () => {
  const { status, stderr } = ended([]);
  assert.equal(status, 2);
  for (const option of ['--firmware', '--ctl-port', '--plant']) assert.ok(stderr.includes(option));
  assert.equal(ended(['--help']).status, 0);
});

test('a port that is taken ends it', async () => {
  const rig = await started(['--speed', '0']);
  const { status, stderr } = ended([...FILES, '--port', String(rig.port)]);
  assert.equal(status, 4);
  assert.match(stderr, /cannot listen.*EADDRINUSE/);
  rig.child.kill();
  assert.equal(await rig.over, 0);
});

test('it ends by itself after its time limit, and with its stdin', async () => {
  assert.equal(ended([...FILES, '--time-limit', '0.2']).status, 3);
  const rig = await started(['--until-eof']);
  rig.child.stdin.end();
  assert.equal(await rig.over, 0);
});

test('edges, VCD and flash are written at the end', async () => {
  const [edges, vcd, flash] = ['edges.json', 'x.vcd', 'flash.bin'].map(inFolder);
  const files = ['--edges', edges, '--vcd', vcd, '--flash', flash];
  const rig = await started(['--speed', '0', '--watch', '2', ...files]);
  await rig.ask('step', { ns: 1000 });
  await rig.ask('quit');
  assert.equal(await rig.over, 0);
  const written = JSON.parse(fs.readFileSync(edges));
  assert.equal(written.cyc_ns, 8);
  assert.deepEqual(written.edges[0].slice(1), [2, 1]);
  assert.match(fs.readFileSync(vcd, 'utf8'), /\$var wire 1 # gp2 \$end/);
  assert.equal(fs.readFileSync(flash).readUInt16LE(0), BLINK[0]);
});

test('with speed 0 two runs have the same edges and the same clock', async () => {
  const run = async (steps) => {
    const rig = await started(['--speed', '0', '--watch', '2']);
    for (const ns of steps) await rig.ask('step', { ns });
    const { edges } = await rig.ask('edges');
    const { cycles, ns, awake_cycles: awake } = await rig.ask('time');
    await rig.ask('quit');
    await rig.over;
    return { edges, cycles, ns, awake };
  };
  const once = await run([40_000, 40_000]);
  assert.ok(once.edges.length > 1000);
  assert.deepEqual(await run([40_000, 40_000]), once);
  const finer = await run(Array(8).fill(10_000)); // each step ends with an instruction of the CPU
  assert.deepEqual(finer.edges.slice(0, once.edges.length), once.edges);
});

test('time stands still between steps', async () => {
  const rig = await started(['--speed', '0']);
  await rig.ask('step', { ns: 1000 });
  const { cycles } = await rig.ask('time');
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal((await rig.ask('time')).cycles, cycles);
  await rig.ask('quit');
});
