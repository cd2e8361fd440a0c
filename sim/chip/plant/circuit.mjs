// Stage and dummy load as one linear network, and the law of each mode. The twin of
// sim/scs_sim/circuit/netlist.py: y = (capacitors' volts, settling output, aim, rail).

export const DRIVEN = 'driven'; // the stage sets the current
export const CLAMPED = 'clamped'; // the stage is at its compliance and sets the voltage
export const SHORTED = 'shorted'; // passive discharge through the switch
export const SOURCED = 'sourced'; // a voltage behind a resistance: the ladder
export const BLED = 'bled'; // disconnected; the bleed resistor discharges it
export const OPEN = 'open';

export const HEALTHY = 'healthy'; // conditions of the lead
export const LEAD_OPEN = 'open lead';
export const LEAD_SHORT = 'short';

const BRIDGE_OHM = 1;
const ALIKE = 1e-5;
const NO_RATE = 1e-12;
const SWEEPS = 60;

/** From the facts of a load {series_ohm, elements: [[farad, ohm or null]]} and of a stage. */
export function circuitOf(load, stage) {
  if (!(load.series_ohm > 0))
    throw new Error(`series_ohm is ${load.series_ohm}: it must be above 0`);
  const own = load.elements.map(([farad, ohm]) => ({ farad, leakOhm: ohm ?? Infinity }));
  const blocking = stage.blocking_f ? [{ farad: stage.blocking_f, leakOhm: Infinity }] : [];
  const capacitors = [...blocking, ...own];
  const settleTau = stage.settle_tau_s || 0;
  const order = capacitors.length + (settleTau ? 1 : 0);
  return { seriesOhm: load.series_ohm, capacitors, first: blocking.length, settleTau, order };
}

export const dot = (one, other) => one.reduce((sum, value, at) => sum + value * other[at], 0);
const scaled = (row, factor) => row.map((value) => value * factor);
const added = (one, other, factor = 1) => one.map((value, at) => value + factor * other[at]);
const identity = (n) =>
  Array.from({ length: n }, (_, row) => Array.from({ length: n }, (__, at) => Number(at === row)));
const columns = (matrix) => matrix[0].map((_, at) => matrix.map((row) => row[at]));

/** {current, voltage, needed, inside}: rows over y. */
function quantities(circuit, name, sourceOhm, condition) {
  const { seriesOhm, capacitors, first, order } = circuit;
  const unit = identity(order + 2);
  const none = unit[0].map(() => 0);
  const [aim, rail] = [unit[capacitors.length], unit[order + 1]];
  const sum = (rows) => rows.reduce((total, row) => added(total, row), none);
  const blocking = sum(unit.slice(0, first));
  const inner = sum(unit.slice(first, capacitors.length));
  if (condition === LEAD_OPEN) {
    const shown = { [DRIVEN]: added(rail, blocking, -1), [SOURCED]: added(aim, blocking, -1) };
    return { current: none, voltage: shown[name] ?? none, needed: none, inside: none };
  }
  const share = condition === LEAD_SHORT ? BRIDGE_OHM / (seriesOhm + BRIDGE_OHM) : 1;
  const behind = (source, ohm) =>
    scaled(added(added(source, blocking, -1), inner, -share), 1 / (ohm + share * seriesOhm));
  const across = (amps) => scaled(added(scaled(amps, seriesOhm), inner), share);
  let current = behind(name === SOURCED ? aim : none, sourceOhm);
  if (name === OPEN) current = none;
  else if (name === DRIVEN) current = aim;
  else if (name === CLAMPED) current = behind(rail, 0);
  const inside = scaled(added(across(current), inner, -1), 1 / seriesOhm);
  return { current, voltage: across(current), needed: added(across(aim), blocking), inside };
}

/** {rates, vectors, slopes, current, voltage, needed}: how a mode goes on from y. */
export function law(circuit, name, sourceOhm, condition) {
  const { capacitors, first, settleTau, order } = circuit;
  const rows = quantities(circuit, name, sourceOhm, condition);
  const matrix = capacitors.map(({ farad, leakOhm }, at) => {
    const row = [...(at < first ? rows.current : rows.inside)];
    row[at] -= 1 / leakOhm;
    return scaled(row, 1 / farad);
  });
  const { rates, vectors, inverse } = modes(matrix, capacitors, settleTau, order);
  const into = [order, order + 1].map((at) => matrix.map((row) => row[at]));
  if (settleTau) into.forEach((column, at) => column.push(at ? 0 : rates.at(-1)));
  const slopes = inverse.map((row, at) => [
    ...scaled(row, -rates[at]),
    ...into.map((column) => dot(row, column)),
  ]);
  const flows = condition === LEAD_OPEN ? OPEN : name;
  return { name: flows, rates, vectors, slopes, ...rows };
}

/** Eigenvectors of the capacitors (symmetric once scaled), then that of the settling output. */
function modes(matrix, capacitors, settleTau, order) {
  const count = capacitors.length;
  const root = capacitors.map(({ farad }) => Math.sqrt(farad));
  const symmetric = matrix.map((row, r) => root.map((_, c) => (row[c] * root[r]) / root[c]));
  const { values, turned } = jacobi(symmetric);
  const fastest = Math.max(0, ...values.map((value) => -value));
  const rates = values.map((value) => (-value < NO_RATE * fastest ? 0 : -value));
  const vectors = identity(order);
  const inverse = identity(order);
  for (let r = 0; r < count; r += 1) {
    for (let c = 0; c < count; c += 1) {
      vectors[r][c] = turned[r][c] / root[r];
      inverse[c][r] = turned[r][c] * root[r];
    }
  }
  if (!settleTau) return { rates, vectors, inverse };
  let rate = 1 / settleTau;
  while (rates.some((one) => Math.abs(one / rate - 1) < ALIKE)) rate *= 1 + 3 * ALIKE;
  const into = matrix.map((row) => row[count]);
  for (let c = 0; c < count; c += 1) {
    const pushed = dot(inverse[c].slice(0, count), into) / (rates[c] - rate);
    inverse[c][count] = -pushed;
    for (let r = 0; r < count; r += 1) vectors[r][count] += vectors[r][c] * pushed;
  }
  return { rates: [...rates, rate], vectors, inverse };
}

/** {values, turned}: eigenvalues and, in columns, eigenvectors of a symmetric matrix. */
function jacobi(symmetric) {
  const a = symmetric.map((row) => [...row]);
  const turned = identity(a.length);
  const spin = (rows, p, q, cos, sin) => {
    for (const row of rows) [row[p], row[q]] = [cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]];
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (let p = 0; p < a.length; p += 1) {
      for (let q = p + 1; q < a.length; q += 1) {
        if (a[p][q] === 0) continue;
        const angle = Math.atan2(2 * a[p][q], a[q][q] - a[p][p]) / 2;
        const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
        spin(a, p, q, cos, sin);
        const other = columns(a);
        spin(other, p, q, cos, sin);
        columns(other).forEach((row, at) => a.splice(at, 1, row));
        spin(turned, p, q, cos, sin);
      }
    }
  }
  return { values: a.map((row, at) => row[at]), turned };
}
