// Reads {stage, load, events} from stdin, events being [seconds, kind, …]; prints [current, voltage]
// at each "probe". tests/sim/test_chip_plant.py holds them against scs_sim's.

import fs from 'node:fs';
import { Load } from '../plant/load.mjs';
import { Stage } from '../plant/stage.mjs';

const { stage: row, load: circuit, events } = JSON.parse(fs.readFileSync(0, 'utf8'));
const stage = new Stage(row);
const load = new Load(circuit, row);
const probes = [];

const kinds = {
  latch: (at, dac, switches) => stage.latch({ dac, switches }),
  gate: (at, level) => {
    stage.connected = level === 1;
  },
  lead: (at, condition) => load.conditionAt(at, condition),
  probe: (at) => probes.push([load.currentA(at), load.voltageV(at)]),
};

load.apply(0, stage.demand());
for (const [at, kind, ...details] of events) {
  kinds[kind](at, ...details);
  if (kind === 'latch' || kind === 'gate') load.apply(at, stage.demand());
}
process.stdout.write(JSON.stringify(probes));
