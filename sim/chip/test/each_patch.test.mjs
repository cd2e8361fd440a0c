// Every patch has a test that fails without it: the tests named [patch] are run with it left out.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { PATCHES } from '../emulator/patches.mjs';

const HERE = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const SELF = 'each_patch.test.mjs';
const LIMIT_MS = 20_000;

const files = fs
  .readdirSync(HERE)
  .filter((name) => name.endsWith('.test.mjs') && name !== SELF)
  .map((name) => path.join(HERE, name));

/** The files that have a test of that patch. */
function filesOf(name) {
  return files.filter((file) => fs.readFileSync(file, 'utf8').includes(`[${name}] `));
}

/** Exit code of the tests of a patch, with or without it. */
function outcome(name, without) {
  const environment = { ...process.env, CHIP_WITHOUT: without };
  delete environment.NODE_TEST_CONTEXT; // or node would not run tests within a test
  const pattern = `--test-name-pattern=^\\[${name}\\] `;
  return filesOf(name).map((file) => {
    const options = { env: environment, timeout: LIMIT_MS, encoding: 'utf8' };
    return spawnSync(process.execPath, [pattern, file], options).status;
  });
}

for (const patch of PATCHES) {
  test(`${patch.name} is tested`, () => {
    assert.notEqual(filesOf(patch.name).length, 0);
  });
  if (patch.speedOnly) continue;
  test(`without ${patch.name} its tests fail`, () => {
    const codes = outcome(patch.name, patch.name);
    assert.ok(
      codes.some((code) => code !== 0),
      `exit codes ${codes}`,
    );
  });
}

test('with all patches none of them fails', () => {
  const codes = new Set(PATCHES.flatMap((patch) => outcome(patch.name, '')));
  assert.deepEqual(codes, new Set([0]));
});
