// The dummy load in time, in closed form between steps. The twin of sim/scs_sim/circuit/load.py;
// tests/sim/test_chip_plant.py holds the two against each other.
//
// A span is a law and what it is driven with; the instant at which a clamp begins or ends is exact.

import { CLAMPED, DRIVEN, HEALTHY, LEAD_OPEN, LEAD_SHORT, OPEN } from './circuit.mjs';
import { circuitOf, dot, law } from './circuit.mjs';
import { crossing, growth, growthIntegral, grown } from './exponentials.mjs';

const AHEAD = 100e-6; // s: how far beyond an instant it is looked for the next clamp
const CONDITIONS = [HEALTHY, LEAD_OPEN, LEAD_SHORT];

export class Load {
  /** Facts of electrical() as chip.plant_facts gives them. Instants in seconds never go back. */
  constructor(facts, stageFacts = {}) {
    this.circuit = circuitOf(facts, stageFacts);
    this.laws = new Map();
    this.condition = HEALTHY;
    this.chargeC = 0; // net, through the stage's leads, up to `start`
    this.start = 0;
    this.state = Array(this.circuit.order).fill(0);
    this.demand = { mode: OPEN, value: 0, limitV: Infinity, sourceOhm: 0 };
    this.enter();
  }

  apply(at, demand) {
    this.advance(at);
    this.settle(at);
    this.demand = demand;
    this.enter();
  }

  conditionAt(at, condition) {
    if (!CONDITIONS.includes(condition)) throw new Error(`a lead is ${CONDITIONS.join(' or ')}`);
    this.condition = condition;
    this.apply(at, this.demand);
  }

  /** Every change of mode that falls before `at`. */
  advance(at) {
    while (this.canClamp && at > this.clearUntil) {
      const ahead = at - this.start + AHEAD;
      const rail = this.leaves(ahead);
      const changeAt = this.start + Math.min(rail?.seconds ?? Infinity, ahead);
      this.clearUntil = changeAt;
      if (changeAt >= at) return;
      this.settle(changeAt);
      this.begin(this.rail ? 0 : rail.bound, rail.bound);
    }
  }

  /** {seconds, bound} of the end of this span, null where it cannot end within `seconds`. */
  leaves(seconds) {
    const { limitV } = this.demand;
    const { needed, rates } = this.span;
    let [low, high] = [needed.start, needed.start];
    rates.forEach((rate, at) => {
      const part = needed.slopes[at] * growth(seconds, rate);
      if (part > 0) high += part;
      else low += part;
    });
    const ends = (this.rail ? [this.rail] : [-limitV, limitV])
      .filter((bound) => bound === this.enteredAt || (low <= bound && bound <= high))
      .map((bound) => {
        const distance = bound === this.enteredAt ? 0 : needed.start - bound;
        return { bound, seconds: crossing(distance, needed.slopes, rates) };
      });
    return ends.sort((one, other) => one.seconds - other.seconds)[0] ?? null;
  }

  currentA(at) {
    return this.quantity('current', at);
  }

  voltageV(at) {
    return this.quantity('voltage', at);
  }

  /** Net charge up to `at`. */
  charge(at) {
    const { current, rates } = this.span;
    const seconds = at - this.start;
    const start = this.chargeC + current.start * seconds;
    return grown(start, current.slopes, rates, seconds, growthIntegral);
  }

  quantity(name, at) {
    this.advance(at);
    const { rates, [name]: of } = this.span;
    return grown(of.start, of.slopes, rates, at - this.start);
  }

  /** Of the load's own capacitors. */
  capacitorV(at) {
    const { first, capacitors } = this.circuit;
    const volts = this.stateAt(at).slice(first, capacitors.length);
    return volts.reduce((sum, one) => sum + one, 0);
  }

  stateAt(at) {
    const { rates, slopes, vectors } = this.span;
    const shares = slopes.map((slope, k) => slope * growth(at - this.start, rates[k]));
    return this.state.map((value, row) => value + dot(vectors[row], shares));
  }

  settle(at) {
    this.chargeC = this.charge(at);
    this.state = this.stateAt(at);
    this.start = at;
  }

  enter() {
    const { mode, limitV } = this.demand;
    this.canClamp = mode === DRIVEN && limitV < Infinity && this.condition !== LEAD_OPEN;
    this.begin(0, 0);
    if (!this.canClamp) return;
    const { needed } = this.span;
    const outside = Math.abs(needed.start) - limitV;
    const moves = needed.slopes.reduce((sum, slope) => sum + slope, 0);
    if (outside > 0 || (outside === 0 && needed.start * moves > 0)) {
      this.begin(needed.start > 0 ? limitV : -limitV, 0);
    }
  }

  /** A new span: clamped at `rail`, or free where it is 0. */
  begin(rail, enteredAt) {
    const { mode, value, limitV, sourceOhm } = this.demand;
    this.rail = rail;
    this.clearUntil = this.start;
    this.enteredAt = enteredAt;
    this.mode = this.law(rail ? CLAMPED : mode, rail ? 0 : sourceOhm);
    const broken = mode === DRIVEN && limitV < Infinity ? Math.sign(value) * limitV : 0;
    const y = [...this.state, value, rail || broken];
    const { rates, vectors } = this.mode;
    const slopes = this.mode.slopes.map((row) => dot(row, y));
    const of = (row) => ({
      start: dot(row, y),
      slopes: slopes.map((slope, k) => slope * vectors.reduce((s, v, r) => s + row[r] * v[k], 0)),
    });
    const { current, voltage, needed } = this.mode;
    this.span = { rates, slopes, vectors, current: of(current), voltage: of(voltage), needed: of(needed) };
  }

  law(name, sourceOhm) {
    const key = `${name} ${sourceOhm} ${this.condition}`;
    if (!this.laws.has(key)) {
      this.laws.set(key, law(this.circuit, name, sourceOhm, this.condition));
    }
    return this.laws.get(key);
  }
}
