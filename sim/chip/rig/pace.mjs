// How fast emulated time goes: at most `speed` emulated seconds a second.
//
// 0 stands still until the control command `step`; Infinity ("max") is as fast as can be while the
// CPU is awake and real time while it sleeps. A chip that falls behind is not hurried afterwards.

const TURN_MS = 5; // then the sockets get their turn
const SLICE = 20_000; // cycles between two looks at the clock on the wall
const NEAR_NS = 3e5; // asleep and ahead by this: rest
const DEBT_NS = 20e6; // behind by this: forgotten

export class Pace {
  constructor(bench, link, speed) {
    this.bench = bench;
    this.link = link;
    this.startedMs = performance.now();
    this.timer = null;
    this.queued = false;
    this.asleep = false;
    this.restingSinceIdle = false;
    this.setSpeed(speed);
  }

  /** A number, or "max". */
  setSpeed(value) {
    this.speed = value === 'max' ? Infinity : Number(value);
    this.rebase();
  }

  wallMs() {
    return performance.now() - this.startedMs;
  }

  rebase() {
    this.baseMs = performance.now();
    this.baseNs = this.bench.chip.time.nanos;
  }

  /** Where emulated time should be at a speed. */
  target(speed) {
    return this.baseNs + (performance.now() - this.baseMs) * 1e6 * speed;
  }

  /** Something has happened: look at once. */
  kick() {
    clearTimeout(this.timer);
    this.timer = null;
    if (this.queued) return;
    this.queued = true;
    setImmediate(() => this.turn());
  }

  turn() {
    this.queued = false;
    if (this.speed === 0) {
      if (this.link.client) this.link.flush();
      return;
    }
    const caughtUp = this.catchUp();
    this.link.flush();
    this.forgetDebt();
    if (!caughtUp) this.kick();
    else this.timer = setTimeout(() => this.kick(), 1);
  }

  /** Run for TURN_MS at most; true when there is nothing left to catch up with. */
  catchUp() {
    const { chip } = this.bench;
    const begunMs = performance.now();
    while (performance.now() - begunMs < TURN_MS) {
      const cap = this.asleep && this.speed === Infinity ? 1 : this.speed;
      const ahead = cap === Infinity ? Infinity : this.target(cap) - chip.time.nanos;
      if (ahead <= (this.asleep ? NEAR_NS : 0)) return true;
      const cycles = Math.min(SLICE, Math.ceil(ahead / chip.time.nsPerCycle));
      this.asleep = this.bench.advance(chip.time.cycles + cycles);
      if (this.link.hasOutput && this.asleep) return false;
      this.followSleep();
    }
    return false;
  }

  /** Uncapped: idle time runs at real time, from where the CPU went to sleep. */
  followSleep() {
    const resting = this.speed === Infinity && this.asleep;
    if (resting && !this.restingSinceIdle) this.rebase();
    this.restingSinceIdle = resting;
  }

  forgetDebt() {
    if (this.speed === Infinity) return;
    if (this.target(this.speed) - this.bench.chip.time.nanos > DEBT_NS) this.rebase();
  }
}
