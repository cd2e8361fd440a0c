// What the stage's chips take from the pins: edges in, latched words out (MCP4922 data sheet, 5.2).
//
// Each port has edge(pin, level), which gives back {dac, switches} when something is latched, or
// null. They know pins, not programs: a wrong frame shows as one.

const CLOCKS = 16;

/** MCP4922 and switch register: a bit of each line at each rise of SCK, latched as nCS rises. */
export class SerialPort {
  constructor(pins) {
    this.pins = pins;
    this.level = new Map();
    this.selected = false;
    this.badFrames = 0; // latched after anything but 16 clocks; the chips ignore those (assumed)
    this.clear();
  }

  clear() {
    this.dac = 0;
    this.switches = 0;
    this.clocks = 0;
  }

  edge(pin, level) {
    this.level.set(pin, level);
    const { sck, ncs } = this.pins;
    if (pin === sck && level && this.selected) this.shift();
    if (pin !== ncs) return null;
    const wasSelected = this.selected;
    this.selected = level === 0;
    if (this.selected) this.clear();
    else if (wasSelected) return this.latch();
    return null;
  }

  shift() {
    const { sdi_dac: dac, sdi_switch: switches } = this.pins;
    this.dac = ((this.dac << 1) | (this.level.get(dac) ?? 0)) & 0xffff;
    this.switches = ((this.switches << 1) | (this.level.get(switches) ?? 0)) & 0xffff;
    this.clocks += 1;
  }

  latch() {
    if (this.clocks !== CLOCKS) {
      this.badFrames += 1;
      return null;
    }
    return { dac: this.dac, switches: this.switches };
  }
}

/** Eight pins of a ladder. Pins that change in one cycle give one word after another. */
export class LadderPort {
  constructor(pins) {
    this.bits = new Map();
    for (let bit = 0; bit < 8; bit += 1) this.bits.set(pins[`data${bit}`], bit);
    this.code = 0; // the pads pull low
    this.badFrames = 0;
  }

  edge(pin, level) {
    const bit = this.bits.get(pin);
    if (bit === undefined) return null;
    this.code = (this.code & ~(1 << bit)) | (level << bit);
    return { dac: this.code, switches: 0 };
  }
}
