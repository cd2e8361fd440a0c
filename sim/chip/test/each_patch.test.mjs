// Every patch has a test that fails without it: the tests named [patch] are run with it left out.
// (That they pass with it is seen where they stand.)

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PATCHES } from '../emulator/patches.mjs';

const HERE = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const PATCHES_URL = new URL('../emulator/patches.mjs', import.meta.url).href;
const SELF = 'each_patch.test.mjs';
const LIMIT_MS = 60_000;
const FAILED = /^# fail (\d+)$/m;
const PASSED = /^# pass (\d+)$/m;
const FAILED_ASSERTION = "code: 'ERR_ASSERTION'";

const files = fs
  .readdirSync(HERE)
  .filter((name) => name.endsWith('.test.mjs') && name !== SELF)
  .map((name) => path.join(HERE, name));

/** The files that have a test of that patch. */
function filesOf(name) {
  return files.filter((file) => fs.readFileSync(file, 'utf8').includes(`[${name}] `));
}

/** What node's TAP reporter says of the tests of a patch in one file, with the patch left out. */
function report(name, file) {
  const environment = { ...process.env, CHIP_WITHOUT: name };
  delete environment.NODE_TEST_CONTEXT; // or node would not run tests within a test
  const options = { env: environment, timeout: LIMIT_MS, encoding: 'utf8' };
  const args = [`--test-name-pattern=^\\[${name}\\] `, '--test-reporter=tap', file];
  const { stdout, error } = spawnSync(process.execPath, args, options);
  assert.equal(error, undefined, `${name}, ${path.basename(file)}: ${error}`);
  return stdout;
}

const count = (text, what) => Number(what.exec(text)?.[1] ?? 0);

for (const { name, speedOnly } of PATCHES) {
  test(`without ${name} ${speedOnly ? 'its tests pass too' : 'an assertion fails'}`, () => {
    const reports = filesOf(name).map((file) => report(name, file));
    assert.ok(
      reports.some((text) => count(text, FAILED) + count(text, PASSED) > 0),
      'no test of it',
    );
    const failed = reports.filter((text) => count(text, FAILED) > 0);
    assert.equal(failed.length > 0, !speedOnly, reports.join('\n'));
    assert.ok(speedOnly || failed.some((text) => text.includes(FAILED_ASSERTION)), failed[0]);
  });
}

test('a name that is no patch is refused', () => {
  const options = { env: { ...process.env, CHIP_WITHOUT: 'pio,clok' }, encoding: 'utf8' };
  const script = `await import(${JSON.stringify(PATCHES_URL)})`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], options);
  assert.notEqual(status, 0);
  assert.match(stderr, /clok/);
});
