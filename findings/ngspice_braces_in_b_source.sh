#!/usr/bin/env bash
# ngspice 45.2 (and 39.3): a braced expression in a B source is pasted in as text, without brackets.
#
# The manual says that brace expressions are evaluated before the circuit is set up, so that they are
# constants from then on. In a resistor's line that is so: with a = 2 and b = 3, {6/(a*b)} is 1 ohm.
# In a B source the names alone are replaced: V = 6/{a*b} becomes 6/2*3, which is 9 V instead of 1 V.
# Nothing is reported. A model whose B source divides by a braced product, say a slew rate scaled by
# {bandwidth*time}, runs and is wrong; V = 6/({a*b}) is what one has to write.
#
# Seen with npm eecircuit-engine 1.7.0, which is ngspice 45.2 compiled to WebAssembly, on Node.js 20;
# Debian 12's ngspice 39.3 gives the same:
#   R 1 ohm   6/{a*b} = 9 V   6/({a*b}) = 1 V
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > /dev/null
npm install --silent eecircuit-engine@1.7.0
cat > see.mjs <<'JS'
import assert from "node:assert";
import { Simulation } from "eecircuit-engine";

const simulation = new Simulation();
await simulation.start();
simulation.setNetList(`* braces in a resistor and in a B source
.param a=2 b=3
R1 ohms 0 {6/(a*b)}
I1 0 ohms 1
B1 bare 0 V=6/{a*b}
R2 bare 0 1k
B2 bracketed 0 V=6/({a*b})
R3 bracketed 0 1k
.op
.end
`);
const { data } = await simulation.runSim();
const volts = (name) => data.find((row) => row.name === `v(${name})`).values[0];
const seen = ["ohms", "bare", "bracketed"].map((name) => Math.round(volts(name) * 1e6) / 1e6);
console.log(`R ${seen[0]} ohm   6/{a*b} = ${seen[1]} V   6/({a*b}) = ${seen[2]} V`);
assert.deepEqual(seen, [1, 9, 1], "the braces mean something else now: the finding is out of date");
console.log("as found");
process.exit(0);
JS
node see.mjs
