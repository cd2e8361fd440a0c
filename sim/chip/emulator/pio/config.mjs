// The fields of SHIFTCTRL, PINCTRL and EXECCTRL (3.7), decoded once for each write of a register.

const bit = (word, at) => ((word >>> at) & 1) === 1;
const field = (word, at, width) => (word >>> at) & ((1 << width) - 1);

/** Plain fields for the instructions; thresholds of 0 mean 32. */
export function decodeConfig({ shiftCtrl, pinCtrl, execCtrl }) {
  const sideBits = field(pinCtrl, 29, 3);
  return {
    autopush: bit(shiftCtrl, 16),
    autopull: bit(shiftCtrl, 17),
    shiftInRight: bit(shiftCtrl, 18),
    shiftOutRight: bit(shiftCtrl, 19),
    pushAt: field(shiftCtrl, 20, 5) || 32,
    pullAt: field(shiftCtrl, 25, 5) || 32,
    outBase: field(pinCtrl, 0, 5),
    setBase: field(pinCtrl, 5, 5),
    sideBase: field(pinCtrl, 10, 5),
    inBase: field(pinCtrl, 15, 5),
    outCount: field(pinCtrl, 20, 6),
    setCount: field(pinCtrl, 26, 3),
    sideBits, // of the five bits that side-set and delay share; includes the enable bit
    delayMask: (1 << (5 - sideBits)) - 1,
    wrapBottom: field(execCtrl, 7, 5),
    wrapTop: field(execCtrl, 12, 5),
    jumpPin: field(execCtrl, 24, 5),
    sideIsDirection: bit(execCtrl, 29),
    sideIsOptional: bit(execCtrl, 30),
  };
}
