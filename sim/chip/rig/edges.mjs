// The log of edges at the watched pins, and its VCD (IEEE 1364-2005, clause 18).

const PINS = 30;
const FIRST_ROOM = 1 << 16;
const FIRST_NAME = 33; // of a VCD identifier: '!'
const PS_PER_NS = 1000;

export class EdgeLog {
  constructor(chip) {
    this.chip = chip;
    this.watched = new Uint8Array(PINS);
    this.clear();
    this.cycles = new Float64Array(FIRST_ROOM);
    this.values = new Uint8Array(FIRST_ROOM); // pin << 1 | level
    chip.pads.watchers.add((pin, level, cycle) => {
      if (this.watched[pin]) this.add(pin, level, cycle);
    });
  }

  /** Log these pins from now on, and no others. */
  watch(pins) {
    this.watched.fill(0);
    for (const pin of pins) this.watched[pin] = 1;
    this.clear();
  }

  add(pin, level, cycle) {
    if (this.count === this.cycles.length) this.grow();
    this.cycles[this.count] = Math.ceil(cycle);
    this.values[this.count] = (pin << 1) | level;
    this.count += 1;
  }

  grow() {
    const { cycles, values } = this;
    this.cycles = new Float64Array(2 * cycles.length);
    this.cycles.set(cycles);
    this.values = new Uint8Array(2 * values.length);
    this.values.set(values);
  }

  clear() {
    this.count = 0;
    this.begun = this.chip.time.cycles;
    this.levels = this.chip.pads.level.slice(); // of all pins, then
  }

  /** [[cycle, pin, level], …] since the last clear(). */
  list() {
    return Array.from({ length: this.count }, (_, index) => [
      this.cycles[index],
      this.values[index] >> 1,
      this.values[index] & 1,
    ]);
  }

  /** From the levels at the last clear() to now; a cycle more where an edge came last, for sigrok
   * drops an edge that no time follows. */
  vcd() {
    const { time } = this.chip;
    const picos = (cycle) => Math.round(time.nanosAt(cycle) * PS_PER_NS);
    // from 0 on: before a first stamp that is later, libsigrok takes every pin as low
    const stamp = (cycle) => `#${picos(cycle) - picos(this.begun)}`;
    const name = (pin) => String.fromCharCode(FIRST_NAME + pin);
    const pins = [...this.watched.keys()].filter((pin) => this.watched[pin]);
    const lines = ['$timescale 1 ps $end', '$scope module pico $end'];
    for (const pin of pins) lines.push(`$var wire 1 ${name(pin)} gp${pin} $end`);
    lines.push('$upscope $end', '$enddefinitions $end', stamp(this.begun), '$dumpvars');
    for (const pin of pins) lines.push(`${this.levels[pin]}${name(pin)}`);
    lines.push('$end');
    let last = this.begun;
    for (const [cycle, pin, level] of this.list()) {
      if (cycle !== last) lines.push(stamp(cycle));
      last = cycle;
      lines.push(`${level}${name(pin)}`);
    }
    lines.push(stamp(this.count ? Math.max(time.cycles, last + 1) : time.cycles));
    return `${lines.join('\n')}\n`;
  }
}
