// Patch "pio": a PIO that is true to the cycle.
//
// rp2040js 1.4.1 steps its state machines from setTimeout, unsynchronised with the CPU, ignores
// CLKDIV and the delays, has no joined FIFOs, and refills the OSR only at an OUT. Data sheet
// chapter 3.

import { RPPIO, StateMachine } from 'rp2040js';
import { fifos } from './pio/fifos.mjs';
import { instructions } from './pio/instructions.mjs';
import { machine } from './pio/machine.mjs';
import { blockPins, machinePins } from './pio/pins.mjs';
import { shifting } from './pio/shifting.mjs';
import { blockRegisters, machineRegisters } from './pio/registers.mjs';

export const pio = {
  classes() {
    const block = RPPIO.prototype;
    const stock = { readUint32: block.readUint32, writeUint32: block.writeUint32 };
    Object.assign(StateMachine.prototype, machine, fifos, machinePins, instructions, shifting);
    Object.assign(StateMachine.prototype, machineRegisters);
    Object.assign(block, blockPins, blockRegisters(stock));
  },

  instance(chip) {
    const machines = chip.mcu.pio.flatMap((one) => one.machines);
    for (const one of machines) one.powerOn();
    chip.scheduler.watchMachines(machines);
  },
};
