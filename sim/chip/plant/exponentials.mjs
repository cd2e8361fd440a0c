// Sums of exponentials: growth, and the exact instants at which they turn or cross zero. The twin of
// sim/scs_sim/circuit/exponentials.py.

const FOREVER = 1e15; // s
const STEPS = 200;
const NOTHING = 1e-100;

/** (1 - exp(-rate t)) / rate; t where the rate is 0. */
export function growth(seconds, rate) {
  return rate ? -Math.expm1(-rate * seconds) / rate : seconds;
}

/** Its integral from 0: what turns a slope into charge. */
export function growthIntegral(seconds, rate) {
  return rate ? (seconds - growth(seconds, rate)) / rate : (seconds * seconds) / 2;
}

/** start + sum of slope growth(t, rate). */
export function grown(start, slopes, rates, seconds, of = growth) {
  let sum = start;
  for (let at = 0; at < rates.length; at += 1) {
    if (slopes[at]) sum += slopes[at] * of(seconds, rates[at]);
  }
  return sum;
}

function bisected(value, from, to) {
  let [low, high] = [from, to];
  const falling = value(low) > 0;
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (value(middle) > 0 === falling) low = middle;
    else high = middle;
  }
  return high;
}

/** The roots of a function that is monotonic between `edges`, and goes to `last`. */
function crossings(value, edges, last, firstStep) {
  const roots = [];
  let step = firstStep;
  for (let at = 0; at < edges.length; at += 1) {
    const low = edges[at];
    let high = edges[at + 1] ?? Infinity;
    const begins = value(low);
    if (begins * (high === Infinity ? last : value(high)) >= 0) continue;
    while (high === Infinity || value(high) * begins > 0) {
      high = low + step;
      step *= 2;
      if (step > FOREVER) return roots;
    }
    roots.push(bisected(value, low, high));
  }
  return roots;
}

/** Where the sum of weight exp(-rate t) changes its sign; terms [rate, weight], slowest first. */
function roots(terms) {
  if (terms.every(([, weight]) => weight > 0) || terms.every(([, weight]) => weight < 0)) return [];
  const [slowest, still] = terms[0];
  const faster = terms.slice(1).map(([rate, weight]) => [rate - slowest, weight]);
  if (faster.length === 1) {
    const turn = Math.log(-faster[0][1] / still) / faster[0][0];
    return turn > 0 ? [turn] : [];
  }
  const value = (t) => faster.reduce((sum, [rate, w]) => sum + w * Math.exp(-rate * t), still);
  const inner = roots(faster.map(([rate, weight]) => [rate, -weight * rate]));
  return crossings(value, [0, ...inner], still, 1 / faster[0][0]);
}

function turns(slopes, rates) {
  const merged = new Map();
  rates.forEach((rate, at) => merged.set(rate, (merged.get(rate) ?? 0) + slopes[at]));
  const terms = [...merged].filter(([, slope]) => Math.abs(slope) > NOTHING);
  return roots(terms.sort(([one], [other]) => one - other));
}

/** When distance + sum of slope growth(t, rate) first is 0 after t = 0; Infinity if never. */
export function crossing(distance, slopes, rates) {
  if (slopes.every((slope) => slope === 0)) return Infinity;
  const sum = (of) => rates.reduce((total, rate, at) => total + of(slopes[at], rate), 0);
  const linear = sum((slope, rate) => (rate ? 0 : slope));
  const settled = distance + sum((slope, rate) => (rate ? slope / rate : 0));
  const step = Math.min(...rates.map((rate, at) => (rate && slopes[at] ? 1 / rate : Infinity)));
  const value = (t) => grown(distance, slopes, rates, t);
  const edges = [0, ...turns(slopes, rates)];
  return crossings(value, edges, linear || settled, step === Infinity ? 1 : step)[0] ?? Infinity;
}
