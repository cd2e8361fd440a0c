// The dummy load: series resistance and (C parallel leak), in closed form between steps. The twin
// of sim/scs_sim/load.py; tests/sim/test_chip_plant.py holds the two against each other.
//
// The capacitor's voltage u obeys du/dt = drive - u / tau in every mode; current and voltage are
// affine in u. The instant at which a clamp begins or ends is found exactly.

export const DRIVEN = 'driven'; // the stage sets the current
export const CLAMPED = 'clamped'; // the stage is at its compliance and sets the voltage
export const SHORTED = 'shorted'; // passive discharge through the switch
export const SOURCED = 'sourced'; // a voltage behind a resistance: the ladder
export const BLED = 'bled'; // disconnected; the bleed resistor discharges it
export const OPEN = 'open';

export const HEALTHY = 'healthy'; // conditions of the lead
export const LEAD_OPEN = 'open lead';
export const LEAD_SHORT = 'short';
export const CONDITIONS = [HEALTHY, LEAD_OPEN, LEAD_SHORT];

/** tau (1 - exp(-t / tau)); t where tau is infinite. */
export function growth(seconds, tau) {
  return tau === Infinity ? seconds : -tau * Math.expm1(-seconds / tau);
}

/** Its integral from 0: what turns a slope into charge. */
function growthIntegral(seconds, tau) {
  if (tau === Infinity) return (seconds * seconds) / 2;
  return tau * (seconds - growth(seconds, tau));
}

/** When start + slope growth(t) first meets `target`; Infinity if never. */
function crossing(start, slope, tau, target) {
  const grown = slope ? (target - start) / slope : -1;
  if (grown <= 0) return Infinity;
  if (tau === Infinity) return grown;
  return grown < tau ? -tau * Math.log1p(-grown / tau) : Infinity;
}

function parallel(first, second) {
  return second === Infinity ? first : (first * second) / (first + second);
}

function currentMode({ seriesOhm, farad, leakOhm }, amps) {
  return {
    name: DRIVEN,
    drive: farad ? amps / farad : 0,
    tau: farad ? leakOhm * farad : Infinity,
    current: [amps, 0],
    voltage: [amps * seriesOhm, 1],
  };
}

function voltageMode({ seriesOhm, farad, leakOhm }, volts, sourceOhm, name) {
  const total = seriesOhm + sourceOhm;
  return {
    name,
    drive: farad ? volts / (total * farad) : 0,
    tau: farad ? farad * parallel(total, leakOhm) : Infinity,
    current: [volts / total, -1 / total],
    voltage: [(volts * seriesOhm) / total, sourceOhm / total],
  };
}

/** Contacts open: nothing of the stage reaches the load. */
function openMode({ farad, leakOhm }, volts, share) {
  const tau = farad ? leakOhm * farad : Infinity;
  return { name: OPEN, drive: 0, tau, current: [0, 0], voltage: [volts, share] };
}

/** A broken lead: the stage runs to its compliance, or shows its voltage. */
function brokenMode(circuit, { mode, value, limitV }) {
  const rails = mode === DRIVEN ? Math.sign(value) * limitV || 0 : value;
  return openMode(circuit, rails, 0);
}

function shortMode({ seriesOhm, farad, leakOhm }, { mode, value, sourceOhm }) {
  const amps = mode === DRIVEN || value === 0 ? value : value / sourceOhm;
  const tau = farad ? farad * parallel(seriesOhm, leakOhm) : Infinity;
  return { name: mode, drive: 0, tau, current: [amps, 0], voltage: [0, 0] };
}

/** {free, low, high, clamps}: the modes of a demand, and the u at which they change. */
function regimes(circuit, demand, condition) {
  const always = (free) => ({ free, low: -Infinity, high: Infinity, clamps: null });
  if (condition === LEAD_OPEN) return always(brokenMode(circuit, demand));
  if (condition === LEAD_SHORT) return always(shortMode(circuit, demand));
  if (demand.mode === OPEN) return always(openMode(circuit, 0, 1));
  if (demand.mode !== DRIVEN) {
    return always(voltageMode(circuit, demand.value, demand.sourceOhm, demand.mode));
  }
  const drop = demand.value * circuit.seriesOhm;
  return {
    free: currentMode(circuit, demand.value),
    low: -demand.limitV - drop,
    high: demand.limitV - drop,
    clamps: [-demand.limitV, demand.limitV].map((volts) => voltageMode(circuit, volts, 0, CLAMPED)),
  };
}

/** The mode at a capacitor voltage; on a bound, the one it is moving into. */
function modeAt({ free, low, high, clamps }, volts) {
  if (!clamps) return free;
  const slope = free.drive - volts / free.tau;
  if (volts > high || (volts === high && slope > 0)) return clamps[1];
  if (volts < low || (volts === low && slope < 0)) return clamps[0];
  return free;
}

export class Load {
  /** `row`: electrical()["load"]. Instants are in seconds and must not go back. */
  constructor(row) {
    if (!(row.series_ohm > 0))
      throw new Error(`series_ohm is ${row.series_ohm}: it must be above 0`);
    const farad = row.capacitance_f || 0;
    this.circuit = { seriesOhm: row.series_ohm, farad, leakOhm: row.leak_ohm || Infinity };
    this.condition = HEALTHY;
    this.chargeC = 0; // net, through the stage's leads, up to `start`
    this.start = 0;
    this.volts = 0; // of the capacitor, at `start`
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
    while (this.changeAt < at) {
      const { changeAt, target, regime, mode } = this;
      const wasFree = mode === regime.free;
      this.settle(changeAt);
      this.volts = target;
      this.begin(wasFree ? regime.clamps[target === regime.high ? 1 : 0] : regime.free);
    }
  }

  currentA(at) {
    return this.quantity('current', at);
  }

  voltageV(at) {
    return this.quantity('voltage', at);
  }

  /** Net charge up to `at`. */
  charge(at) {
    const seconds = at - this.start;
    const [fixed, share] = this.mode.current;
    const slope = share * this.slope * growthIntegral(seconds, this.mode.tau);
    return this.chargeC + (fixed + share * this.volts) * seconds + slope;
  }

  quantity(name, at) {
    this.advance(at);
    const [fixed, share] = this.mode[name];
    return fixed + share * this.capacitorV(at);
  }

  capacitorV(at) {
    return this.volts + this.slope * growth(at - this.start, this.mode.tau);
  }

  settle(at) {
    this.chargeC = this.charge(at);
    this.volts = this.capacitorV(at);
    this.start = at;
  }

  enter() {
    this.regime = regimes(this.circuit, this.demand, this.condition);
    this.begin(modeAt(this.regime, this.volts));
  }

  begin(mode) {
    const { free, low, high, clamps } = this.regime;
    this.mode = mode;
    this.slope = mode.drive - this.volts / mode.tau;
    this.changeAt = Infinity;
    if (!clamps) return;
    if (mode === free) this.target = this.slope > 0 ? high : low;
    else this.target = mode === clamps[0] ? low : high;
    this.changeAt = this.start + crossing(this.volts, this.slope, mode.tau, this.target);
  }
}
