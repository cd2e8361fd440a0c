"""Proofs, by z3, of stimcore's arithmetic for all numbers that its ceilings let through.

Role: `python -m safety_case.proofs [NAME …]` proves each claim of PROOFS on every board of
boards.yaml that it depends on, then plants a bug in a copy of the module and shows that the same
proof fails. Exit 1 when a claim is not proven, or when a planted bug goes unseen.
"""

import functools
import itertools
import sys
import types
from collections.abc import Callable
from importlib import util
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import stimcore
from scs.catalog import boards
from stimcore import limits
from stimcore.board import Board

from . import results
from .symbolic import Paths, Unproven, explore

U16, U32, I64 = (1 << 16) - 1, (1 << 32) - 1, (1 << 63) - 1
WRAP_US = 1 << 30  # of hal.now_us()
YEARS_MS = 20 * 366 * 86_400_000  # longer than any bench stays powered
Claim = Callable[[Paths, Any, Any], None]  # (paths, the module, a case)


class Proof(NamedTuple):
    """A claim about a module of stimcore, its cases, and a bug with which it must fail."""

    name: str
    says: str
    module: str
    claim: Claim
    cases: Callable[[], list[Any]]
    planted: tuple[str, str]  # text of the module, what stands in its place


@functools.cache
def every_board() -> list[Board]:
    """Return every board of boards.yaml with every stage and load."""
    of_kind: dict[str, list[str]] = {}
    for row in boards.rows():
        of_kind.setdefault(str(row["kind"]), []).append(str(row["name"]))
    names = itertools.product(*(of_kind[kind] for kind in ("board", "stage", "load")))
    return [boards.board("/".join(name)) for name in names]


def stages() -> list[Board]:
    """Return a board for each clock and output stage."""
    return list({(row.clock_hz, row.stage): row for row in every_board()}.values())


def once() -> list[None]:
    """Return the one case of a claim that depends on no board."""
    return [None]


def with_ratio() -> list[tuple[Board, int]]:
    """Return each stage with each recharge ratio."""
    return [(row, n) for row in stages() for n in range(1, limits.RECHARGE_RATIO_MAX + 1)]


# --- charge ------------------------------------------------------------------------------------
def recharge(paths: Paths, period: Any, case: tuple[Board, int]) -> None:
    board, ratio = case
    longest = limits.WIDTH_MAX_NS * (board.clock_hz // 1_000_000) // 1000 * 2  # a dither doubles it
    code = paths.named("code", 1, board.code_span)
    width = paths.named("width", board.min_record_ticks, longest)
    least = board.min_record_ticks
    parts = period.recharge_parts(code, width, ratio, least)
    total = 0
    for part, ticks in parts:
        paths.holds(part >= 1, "a part has current")
        paths.holds(part <= code, "no part is stronger than the first phase")
        total = total + part * ticks
    paths.holds(total == code * width, "the parts return what the phase gave")
    if ratio > 1 or len(parts) == 1:
        paths.holds(parts[-1][1] >= min(least, width), "the last part lasts a record")


def closing(paths: Paths, period: Any, board: Board) -> None:
    least = board.min_record_ticks
    ticks = paths.named("ticks", 4 * least, board.clock_hz // 1000)
    charge = paths.named("charge", 1, board.code_span * (board.clock_hz // 1000))
    if charge > board.code_span * ticks:
        return
    parts = period.closing_parts(charge, ticks, least)
    paths.holds(sum(part * lasts for part, lasts in parts) == charge, "the parts sum to the charge")
    paths.holds(sum(lasts for _part, lasts in parts) == ticks, "they last as long as the segment")
    for _part, lasts in parts:
        paths.holds(lasts >= least, "no part is shorter than a record")


def picocoulombs(paths: Paths, charge: Any, board: Board) -> None:
    code_ticks = paths.named("code_ticks", -(1 << 45), 1 << 45)
    value = charge.picocoulombs(board, code_ticks)
    exact = abs(code_ticks) * (board.na_per_code * 1000)  # in pC x clock_hz
    paths.holds(value * board.clock_hz >= exact, "never less than the charge")
    paths.holds((value - 1) * board.clock_hz < exact, "less than a pC more")


def decay(paths: Paths, charge: Any, tau_ticks: int) -> None:
    ticks = paths.named("ticks", 0, 4 * tau_ticks)
    share = charge._decay(ticks, tau_ticks)
    paths.holds(share <= charge.ONE, "no more is left than there was")
    paths.holds(share >= 1, "a discharge is never taken to be complete")


def taus() -> list[int]:
    """Return the shortest and the longest time constant of all boards, in ticks."""
    each = [
        us * (row.clock_hz // 1_000_000)
        for row in every_board()
        for us in (row.discharge_tau_us, row.soft_tau_us)
        if us
    ]
    return [min(each), max(each)]


def density(paths: Paths, rules: Any, board: Board) -> None:
    most_pc = board.code_span * board.na_per_code * 1000  # as if one phase lasted a second
    pc = paths.named("phase_pc", 0, most_pc)
    area = paths.named("area_um2", limits.AREA_MIN_UM2, limits.AREA_MAX_UM2)
    terms, contact = SimpleNamespace(areas_um2=[area]), SimpleNamespace(phase_pc=pc)
    per_cm2 = rules.density(None, terms, 0, contact)[2]
    paths.holds(per_cm2 * area >= pc * 100_000, "a density is rounded up")
    paths.holds(per_cm2 <= I64, "a density fits its row")
    product = rules.shannon(None, terms, 0, contact)[2]
    paths.holds(product * (area * 10) >= pc * pc, "Shannon's product is rounded up")
    paths.holds(product <= I64, "Shannon's product fits its row")


# --- time --------------------------------------------------------------------------------------
def clock(paths: Paths, device: Any, _case: None) -> None:
    before = paths.named("before_us", 0, WRAP_US - 1)
    passed = paths.named("passed_us", 0, WRAP_US - 1)
    spare, since_ms = paths.named("spare_us", 0, 999), paths.named("now_ms", 0, YEARS_MS)
    now = (before + passed) % WRAP_US
    hal = SimpleNamespace(now_us=lambda: now)
    fake = SimpleNamespace(hal=hal, _us=before, _spare_us=spare, now_ms=since_ms)
    device.Device._clock(fake)
    left = since_ms * 1000 + spare + passed
    paths.holds(
        fake.now_ms * 1000 + fake._spare_us == left, "no microsecond is lost or counted twice"
    )
    paths.holds(fake._spare_us < 1000, "whole milliseconds are in now_ms")
    paths.holds(fake._us == now, "the next turn counts from here")


def status(paths: Paths, handlers: Any, _case: None) -> None:
    fake = SimpleNamespace(
        counts=lambda: (0, paths.named("periods", 0, 1 << 40), paths.named("pulses", 0, 1 << 40)),
        output=None,
        fault=(0, 0, 0, 0),
        monitor=SimpleNamespace(current_na=(0, 0), voltage_mv=(0, 0)),
        state=0,
        now_ms=paths.named("now_ms", 0, YEARS_MS),
        lease_left_ms=lambda: 0,
        dialogue=SimpleNamespace(decoder=SimpleNamespace(errors=paths.named("errors", 0, 1 << 40))),
        hash=0,
    )
    reply = handlers._status(fake)
    for at, name in ((5, "now_ms"), (8, "periods"), (9, "pulses"), (10, "link_errors")):
        paths.holds(reply[at] <= U32, f"{name} fits the reply")


def ledger(paths: Paths, handlers: Any, _case: None) -> None:
    names = ("pulses", "truncated", "periods", "start_ms", "stop_ms")
    book = SimpleNamespace(**{name: paths.named(name, 0, 1 << 40) for name in names})
    book.output_us = paths.named("output_us", 0, YEARS_MS * 1000)
    book.stopped, book.driven, book.net = 0, [0] * limits.CONTACTS, [0] * limits.CONTACTS
    reply = handlers._ledger(SimpleNamespace(book=lambda: book, board=boards.board()))
    for at, name in enumerate((*names, "output_ms")):
        paths.holds(reply[at] <= U32, f"{name} fits the reply")


def sums(paths: Paths, module: Any, board: Board) -> None:
    """Add years of periods: an account in code x ticks, and in pC, stays within 64 bits."""
    book = module.Ledger()
    periods = paths.named("periods", 1, YEARS_MS * limits.RATE_MAX_MILLIHZ // 1_000_000)
    ticks = paths.named("ticks", 1, board.clock_hz)
    driven = paths.named("driven", 0, board.code_span * board.clock_hz)
    if periods * ticks > YEARS_MS // 1000 * board.clock_hz or driven > ticks * board.code_span:
        return
    sums_of = [driven] * limits.CONTACTS
    part = SimpleNamespace(ticks=ticks, driven=sums_of, net=[-driven] * limits.CONTACTS)
    stream = SimpleNamespace(sums=[part], pulses=1, board=board)
    book.add_periods(stream, periods)
    paths.holds(book.driven[0] == driven * periods, "whole periods are added whole")
    paths.holds(book.net[0] == -(driven * periods), "with their sign")
    pc_at_most = board.code_span * board.na_per_code * (YEARS_MS // 1000) * 1000
    if pc_at_most > I64:
        raise Unproven(f"{pc_at_most} pC in twenty years do not fit 64 bits")


def lease(paths: Paths, device: Any, _case: None) -> None:
    now = paths.named("now_ms", 0, YEARS_MS)
    lasts = paths.named("lease_ms", limits.LEASE_MIN_MS, limits.LEASE_MAX_MS)
    passed = paths.named("passed_ms", 0, YEARS_MS)
    header = SimpleNamespace(flags=0, lease_ms=lasts)
    fake = SimpleNamespace(now_ms=now, output=SimpleNamespace(group=SimpleNamespace(header=header)))
    device.Device.renew_lease(fake)
    fake.now_ms = now + passed
    left = device.Device.lease_left_ms(fake)
    paths.holds(left <= U16, "it fits the reply")
    if passed >= lasts:
        paths.holds(left == 0, "silence as long as the lease ends it")
    else:
        paths.holds(left == lasts - passed, "until then it goes on")


# --- amplitude ---------------------------------------------------------------------------------
def _train(paths: Paths, ramp: Any, phase: int) -> Any:
    train = ramp.Train.__new__(ramp.Train)
    most = limits.AMPLITUDE_UA
    ramp_ms = limits.RAMP_MAX_MS
    up, down = paths.named("ramp_up_ms", 0, ramp_ms), paths.named("ramp_down_ms", 0, ramp_ms)
    train.header = SimpleNamespace(ramp_up_ms=up, ramp_down_ms=down)
    train.targets_ua = [paths.named("target_ua", 0, most)]
    train.levels_ua = [paths.named("level_ua", 0, most)]
    train._base_ua = [paths.named("base_ua", 0, most)]
    train.phase, train.ends, train.turns = phase, paths.named("ends", 0, 1 << 40), 0
    train._origin = paths.named("origin", 0, 1 << 40)
    train._step = paths.named("step", 1, 200)
    train._rate_millihz = paths.named("rate_millihz", limits.RATE_MIN_MILLIHZ, 10_000_000)
    train._count = 1
    return train


def rise(paths: Paths, ramp: Any, _case: None) -> None:
    train = _train(paths, ramp, ramp.UP)
    period = paths.named("period", 0, 1 << 40)
    if period < train._origin:
        return
    before, target = train.levels_ua[0], train.targets_ua[0]
    level = train._level_ua(0, period)
    paths.holds(level <= before + limits.STEP_UP_UA, "no step rises by more than is allowed")
    if target >= 1:
        paths.holds(level <= target, "no step passes the target")


def fall(paths: Paths, ramp: Any, _case: None) -> None:
    train = _train(paths, ramp, ramp.DOWN)
    period = paths.named("period", 0, 1 << 40)
    if period < train._origin:
        return
    level = train._level_ua(0, period)
    paths.holds(level <= train.levels_ua[0], "a stop never rises")
    paths.holds(level >= 0, "and ends at nothing")


def step_time(paths: Paths, ramp: Any, count: int) -> None:
    rate = paths.named("rate_millihz", limits.RATE_MIN_MILLIHZ, limits.RATE_MAX_MILLIHZ)
    step = ramp._step_periods(rate, count)
    lasts = step * (count * 1_000_000)  # in ms x rate
    paths.holds(lasts >= rate * limits.STEP_MS, "two rises lie STEP_MS apart")


def conversions(paths: Paths, board: Any, case: Board) -> None:
    ns = paths.named("ns", 0, limits.PERIOD_MAX_NS)
    ticks = board.ticks_from_ns(case, ns)
    error = ticks * 1_000_000 - ns * (case.clock_hz // 1000)
    paths.holds(abs(error) * 2 <= 1_000_000, "a time is right to half a tick")
    ua = paths.named("amplitude_ua", 0, limits.AMPLITUDE_UA)
    error = board.code_from_ua(case, ua) * case.na_per_code - ua * 1000
    paths.holds(abs(error) * 2 <= case.na_per_code, "an amplitude is right to half a code")


def readings(paths: Paths, board: Any, case: Board) -> None:
    paths.small = True
    reading = paths.named("reading", 0, 16 * 4095)
    board.sensed_na(case, reading)
    board.sensed_mv(case, reading)


PROOFS = (
    Proof(
        "recharge",
        "An active recharge returns exactly the charge of the first phase, for every amplitude, "
        "width and ratio.",
        "period",
        recharge,
        with_ratio,
        ("trim = lower * total - charge", "trim = lower * total - charge - 1"),
    ),
    Proof(
        "closing",
        "The segment that closes a shape brings its charge to zero exactly, in records that the "
        "sequencer can play.",
        "period",
        closing,
        stages,
        ("less = code * ticks - abs(charge)\n", "less = code * ticks - abs(charge) - 1\n"),
    ),
    Proof(
        "picocoulombs",
        "A charge in pC is rounded up, by less than one.",
        "charge",
        picocoulombs,
        every_board,
        ("return -(-abs(code_ticks) * _scale[1] // _scale[2])",
         "return abs(code_ticks) * _scale[1] // _scale[2]"),
    ),
    Proof(
        "decay",
        "What a discharge leaves is never more than there was, and never nothing.",
        "charge",
        decay,
        taus,
        ("share = up(share * factor, ONE)", "share = share * factor // ONE // ONE"),
    ),
    Proof(
        "density",
        "Charge density and Shannon's product are rounded up and fit the rows of a refusal.",
        "rules",
        density,
        stages,
        ("-(-contact.phase_pc * 100_000 // terms.areas_um2[index])",
         "contact.phase_pc * 100_000 // terms.areas_um2[index]"),
    ),
    Proof(
        "clock",
        "Milliseconds go on through the wrap-round of the microsecond clock.",
        "device",
        clock,
        once,
        ("(now - self._us) & _WRAP_US", "abs(now - self._us)"),
    ),
    Proof(
        "lease",
        "A host that is silent for its lease has none left, whatever the time.",
        "device",
        lease,
        once,
        ("return max(0, self.lease_ends_ms - self.now_ms)",
         "return max(1, self.lease_ends_ms - self.now_ms)"),
    ),
    Proof(
        "status",
        "STATUS fits its fields for twenty years.",
        "handlers",
        status,
        once,
        ("device.now_ms & _U32,", "device.now_ms,"),
    ),
    Proof(
        "ledger",
        "LEDGER fits its fields for twenty years.",
        "handlers",
        ledger,
        once,
        ("book.stop_ms & _U32,", "book.stop_ms,"),
    ),
    Proof(
        "sums",
        "The account of charge is exact and stays within 64 bits for twenty years.",
        "ledger",
        sums,
        stages,
        ("self.net[index] += part.net[index] * count", "self.net[index] += part.net[index]"),
    ),
    Proof(
        "rise",
        "No step of a ramp rises by more than STEP_UP_UA or passes its target.",
        "ramp",
        rise,
        once,
        ("level = min(target, self.levels_ua[at] + limits.STEP_UP_UA)", "level = target"),
    ),
    Proof(
        "fall",
        "After a stop no amplitude rises.",
        "ramp",
        fall,
        once,
        ("return max(0, min(base - fallen_ua, self.levels_ua[at]))",
         "return max(0, base - fallen_ua)"),
    ),
    Proof(
        "step time",
        "Two steps up lie STEP_MS apart at every rate.",
        "ramp",
        step_time,
        lambda: list(range(1, limits.PERIOD_TIMES + 1)),
        ("max(1, -(-limits.STEP_MS * rate_millihz // (1_000_000 * count)))",
         "max(1, limits.STEP_MS * rate_millihz // (1_000_000 * count))"),
    ),
    Proof(
        "conversions",
        "Times are right to half a tick, amplitudes to half a code.",
        "board",
        conversions,
        every_board,
        ("board.na_per_code // 2) // board.na_per_code", "board.na_per_code) // board.na_per_code"),
    ),
    Proof(
        "readings",
        "A reading of the ADC becomes nA and mV within 31 bits: no turn of the loop allocates "
        "for it.",
        "board",
        readings,
        every_board,
        ("* board.sense_uv_per_lsb // (1000 * FINE)",
         "* board.sense_uv_per_lsb * 1000 // (1000 * FINE)"),
    ),
)  # fmt: skip


def module_with(name: str, planted: tuple[str, str] | None = None) -> types.ModuleType:
    """Return a copy of a module of stimcore, with a bug in it if one is given."""
    path = Path(stimcore.__file__).parent / f"{name}.py"
    source = path.read_text(encoding="utf-8")
    if planted:
        if source.count(planted[0]) != 1:
            raise Unproven(f"{path.name} has not exactly one {planted[0]!r} to plant a bug in")
        source = source.replace(*planted)
    spec = util.spec_from_file_location(f"stimcore.{name}", path)
    if spec is None:
        raise Unproven(f"{path} cannot be read")
    module = util.module_from_spec(spec)
    exec(compile(source, str(path), "exec"), module.__dict__)
    return module


def prove(proof: Proof, planted: tuple[str, str] | None = None) -> int:
    """Prove a claim for all its cases; return the number of ways gone. Raise Unproven."""
    module = module_with(proof.module, planted)
    ways = 0
    for case in proof.cases():
        ways += explore(lambda paths, case=case: proof.claim(paths, module, case))  # type: ignore[misc]
    return ways


def failures(proof: Proof) -> list[str]:
    """Return what speaks against a proof: it fails, or does not fail with its planted bug."""
    try:
        ways = prove(proof)
    except Unproven as reason:
        return [f"{proof.name}: {reason}"]
    try:
        prove(proof, proof.planted)
    except Unproven as reason:
        print(f"{proof.name:14} proven in {ways} ways; planted: {reason}", flush=True)
        return []
    return [f"{proof.name}: holds with a planted bug too: {proof.planted[1]}"]


def main(names: list[str]) -> int:
    """Prove those named, or all; write build/safety/proofs.json."""
    wanted = [proof for proof in PROOFS if not names or proof.name in names]
    if len(wanted) < len(names):
        print(f"no such proof; there are: {', '.join(proof.name for proof in PROOFS)}")
        return 2
    wrong = [line for proof in wanted for line in failures(proof)]
    figures = {"proven": len(wanted) - len(wrong), "planted bugs seen": len(wanted) - len(wrong)}
    command = " ".join(["python -m safety_case.proofs", *names])
    return results.write(results.Result("proofs", command, figures, wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
