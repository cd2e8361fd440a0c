// Runs the steps of Python modules in the MicroPython VM (WebAssembly under node).
//   node run.mjs PACKAGE_DIR SCRIPT_DIR MODULE...
// mounts PACKAGE_DIR (as a package) and the .py files of SCRIPT_DIR, then calls MODULE.step(i)
// for i below MODULE.STEPS. One call each, because the VM collects garbage between calls only.
// The first line written is "# " and sys.implementation.name.
import fs from 'node:fs';
import path from 'node:path';
import { loadMicroPython } from '@micropython/micropython-webassembly-pyscript/micropython.mjs';

const [packageDir, scriptDir, ...modules] = process.argv.slice(2);
const lines = [];
const vm = await loadMicroPython({
  heapsize: 1 << 20,
  linebuffer: true,
  stdout: (line) => lines.push(line),
  stderr: (line) => process.stderr.write(`${line}\n`),
});

function mount(hostDir, guestDir) {
  vm.FS.mkdirTree(guestDir);
  for (const name of fs.readdirSync(hostDir).filter((one) => one.endsWith('.py'))) {
    vm.FS.writeFile(`${guestDir}/${name}`, fs.readFileSync(path.join(hostDir, name)));
  }
}

try {
  mount(packageDir, `/lib/${path.basename(packageDir)}`);
  mount(scriptDir, '/lib');
  vm.runPython('import sys\nsys.path.append("/lib")\nprint("#", sys.implementation.name)');
  for (const name of modules) {
    const steps = vm.pyimport(name).STEPS;
    for (let at = 0; at < steps; at += 1) vm.runPython(`import ${name}\n${name}.step(${at})`);
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
process.stdout.write(lines.map((line) => `${line}\n`).join(''));
