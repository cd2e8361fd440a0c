// Patch "core": the CPU's instructions from a table instead of a chain of about ninety comparisons,
// and SEV delivered instead of logged.
//
// The table is made from rp2040js's own source of executeInstruction: the conditions of its chain
// are asked once for each 16-bit opcode, its bodies become the cases of one switch. Same bodies,
// same cycles, about six times as fast. Pinned to rp2040js 1.4.1: other sources may not be
// understood, which is an error at start.

const START = 'let deltaCycles = 1;';
const SEV = '0b1011111101000000';
const WIDE = 255; // in the table: ask again with both halves of a 32-bit instruction
const FEWEST_BRANCHES = 60;

/** Index of the bracket that closes the one at `from`; strings and // comments are skipped. */
function closing(source, from, open, close) {
  let depth = 0;
  let quote = null;
  for (let at = from; at < source.length; at += 1) {
    const character = source[at];
    if (quote !== null) {
      if (character === '\\') at += 1;
      else if (character === quote) quote = null;
    } else if (character === '/' && source[at + 1] === '/') at = source.indexOf('\n', at);
    else if (character === "'" || character === '"' || character === '`') quote = character;
    else if (character === open) depth += 1;
    else if (character === close) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  throw new Error(`rp2040js's core: no ${close} for the ${open} at ${from}`);
}

/** [{condition or null, body}] of the chain of if … else if … else after START. */
function branchesOf(source) {
  const branches = [];
  let at = source.indexOf(START) + START.length;
  for (;;) {
    const head = /^(?:\s|\/\/[^\n]*\n)*(else\s+if|if|else)\s*/.exec(source.slice(at));
    if (!head) break;
    at += head[0].length;
    let condition = null;
    if (head[1] !== 'else') {
      const end = closing(source, at, '(', ')');
      condition = source.slice(at + 1, end);
      at = source.indexOf('{', end);
    }
    const end = closing(source, at, '{', '}');
    branches.push({ condition, body: source.slice(at + 1, end) });
    at = end + 1;
    if (condition === null) break;
  }
  if (branches.length < FEWEST_BRANCHES) {
    throw new Error(`rp2040js's core has ${branches.length} branches: is it version 1.4.1?`);
  }
  return branches;
}

/** (opcode, second half) -> index of the first branch that takes it. */
function finderOf(branches) {
  const lines = branches.map(({ condition }, index) =>
    condition ? `if (${condition}) return ${index};` : `return ${index};`,
  );
  return new Function('opcode', 'opcode2', lines.join('\n'));
}

function tableOf(find) {
  const table = new Uint8Array(1 << 16);
  for (let opcode = 0; opcode < table.length; opcode += 1) {
    const wide = opcode >> 12 === 0xf || opcode >> 11 === 0x1d;
    table[opcode] = wide ? WIDE : find(opcode, 0);
  }
  return table;
}

/** The module's constants that the bodies use (rp2040js does not export them). */
const CONSTANTS = `
const EXC_RESET = 1, EXC_NMI = 2, EXC_HARDFAULT = 3;
const EXC_SVCALL = 11, EXC_PENDSV = 14, EXC_SYSTICK = 15;
const LOG_NAME = 'CortexM0Core', spRegister = 13, pcRegister = 15;
const SYSM_APSR = 0, SYSM_MSP = 8, SYSM_PSP = 9, SYSM_PRIMASK = 16, SYSM_CONTROL = 20;
const signExtend8 = (value) => (value << 24) >> 24;
const signExtend16 = (value) => (value << 16) >> 16;
const APB_START_ADDRESS = 0x40000000, SIO_START_ADDRESS = 0xd0000000;`;

/** Fetch straight from the arrays of flash and RAM; anything else through the bus. */
const FETCH = `
  if (this.interruptsUpdated && this.checkForInterrupts()) this.waiting = false;
  const opcodePC = this.registers[15] & ~1;
  const mcu = this.rp2040;
  let opcode;
  if (opcodePC >= 0x20000000) {
    opcode = opcodePC < 0x20042000
      ? mcu.sram16[(opcodePC - 0x20000000) >> 1]
      : this.readUint16(opcodePC);
  } else if (opcodePC >= 0x10000000) opcode = mcu.flash16[(opcodePC & 0xffffff) >> 1];
  else opcode = this.readUint16(opcodePC);
  let index = table[opcode];
  let opcode2 = 0;
  if (index === ${WIDE}) {
    opcode2 = this.readUint16(opcodePC + 2);
    index = find(opcode, opcode2);
  }
  this.registers[15] = opcodePC + 2;
  let deltaCycles = 1;`;

function compiled(branches) {
  const find = finderOf(branches);
  const cases = branches.map(({ body }, index) => `case ${index}: {${body}} break;`);
  const source = `${CONSTANTS}
return function executeInstruction() {${FETCH}
  switch (index) {
${cases.join('\n')}
  }
  this.cycles += deltaCycles;
  return deltaCycles;
};`;
  return new Function('table', 'find', source)(tableOf(find), find);
}

export const core = {
  classes(mcu) {
    const { prototype } = mcu.core.constructor;
    const branches = branchesOf(prototype.executeInstruction.toString());
    const sev = branches.find(({ condition }) => condition?.includes(SEV));
    sev.body = 'this.rp2040.onSEV(this);';
    prototype.executeInstruction = compiled(branches);
  },
};

/** WFI with PRIMASK set: an interrupt ends the sleep but is not taken (ARMv6-M manual, B1.5.19). */
export const wfiMasked = {
  classes(mcu) {
    const { prototype } = mcu.core.constructor;
    const { setInterrupt } = prototype;
    prototype.setInterrupt = function set(irq, level) {
      if (!level || !this.waiting || !this.PM) {
        setInterrupt.call(this, irq, level);
        return;
      }
      const bit = 1 << irq;
      if (!(this.pendingInterrupts & bit)) {
        this.pendingInterrupts |= bit;
        this.interruptsUpdated = true;
      }
      if (this.pendingInterrupts & this.enabledInterrupts) this.waiting = false;
    };
  },
};
