"""Boards, stages and dummy loads by name, for the device, the simulator and the flasher.

Role: board() derives the integers of stimcore.board.Board, electrical() the same facts in SI
units for the simulator, pins() the wiring, rows() the table that `scs boards` prints.
Invariant: a combination whose load discharges more slowly than the stage declares is refused.
Requirements: REQ-19.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from stimcore import load_test
from stimcore.board import STAGE_MCP4922_8, STAGE_R2R_1, Board

from .. import resources
from ..documents import units
from ..documents.problem import Problem, nearest, printable
from .board_file import BoardError, Catalogue
from .board_rules import id_code
from .board_schema import BoardModel, LoadModel, StageModel

STAGE_NUMBERS = {"serial": STAGE_MCP4922_8, "parallel": STAGE_R2R_1}
KINDS = ("board", "stage", "load")
RESISTOR, BLEED = 0.01, 0.05  # tolerances of the discharge resistor and of the bleed
PULSE_S = 200e-6  # a constant-phase element is the capacitance that a pulse of this width sees


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Return the shipped boards.yaml; raise BoardError if it is damaged."""
    return Catalogue.read(resources.path("boards.yaml"))


def full_name(name: str = "", *, source: Catalogue | None = None, **parts: str) -> str:
    """Return "BOARD/STAGE/LOAD" for a whole name, or for board=, stage=, load= and the defaults.

    Raises BoardError, with "did you mean", for a row that boards.yaml does not have.
    """
    source = source or catalogue()
    usual = source.model.defaults
    chosen = [parts.get(kind) or getattr(usual, kind) for kind in KINDS]
    if name:
        chosen = name.split("/")
        if len(chosen) != len(KINDS) or any(parts.values()):
            example = f"{usual.board}/{usual.stage}/{usual.load}"
            message = f"{printable(name, 80)} is not BOARD/STAGE/LOAD, such as {example}"
            raise BoardError(source.document.file, [Problem("board-name", (), message)])
    problems = []
    for kind, part in zip(KINDS, chosen, strict=True):
        known = getattr(source.model, f"{kind}s")
        if part not in known:
            value, listed = printable(part), ", ".join(known)
            message = f"no {kind} is called {value}{nearest(part, known)}; there are {listed}"
            problems.append(Problem("row-unknown", (f"{kind}s",), message, value, listed))
    if problems:
        raise BoardError(source.document.file, source.document.located(problems))
    return "/".join(chosen)


def board(name: str = "", *, source: Catalogue | None = None, **parts: str) -> Board:
    """Return the Board of a combination, all integers; parts are board=, stage=, load=.

    Raises BoardError for an unknown row, or a load that the stage cannot discharge in time.
    """
    source = source or catalogue()
    whole = full_name(name, source=source, **parts)
    row, stage, load = _rows(whole, source, {})
    _discharges_in_time(source, whole)
    if stage.current_per_code is not None:
        na_per_code = stage.current_per_code
    else:  # a ladder's current depends on the load
        ohm = (stage.source_resistance or 0) + _load_ohm(load)
        na_per_code = (2 * (stage.voltage_per_code or 0) + ohm) // (2 * ohm)
    facts = Board(
        name=whole,
        clock_hz=row.clock * 1_000_000,
        load_ohm=_load_ohm(load),
        load_nf=_load_nf(stage, load),
        seen_ohm=0,
        seen_nf=0,
        **_discharging(stage, load),
        load_tolerance_permille=load.tolerance,
        load_id_code=id_code(load, row.adc),
        load_id_tolerance=row.adc.id_tolerance,
        stage=STAGE_NUMBERS[stage.sequencer.program],
        contacts=stage.contacts,
        na_per_code=na_per_code,
        code_mid=stage.code.mid,
        code_span=stage.code.span,
        overhead_ticks=stage.sequencer.overhead_ticks,
        min_record_ticks=stage.sequencer.min_record_ticks,
        compliance_mv=stage.compliance,
        rest_tau_us=stage.discharge_time_constant,
        gain_mismatch_ppm=stage.gain_mismatch,
        offset_na=stage.offset,
        adc_zero=stage.sense.zero_code,
        # a ladder cannot reach its maximum into every load
        max_amplitude_ua=min(stage.max.amplitude, na_per_code * stage.code.span // 1000),
        max_rate_millihz=stage.max.rate,
        current_offset=0,
        sense_na_per_lsb=stage.sense.current_per_lsb,
        voltage_offset=0,
        sense_uv_per_lsb=stage.sense.voltage_per_lsb,
    )
    ohm, nanofarad = _seen(load, load_test.width_us(facts) / 1e6)
    return facts._replace(seen_ohm=ohm, seen_nf=nanofarad)


def _rows(
    name: str, source: Catalogue | None, parts: dict[str, str]
) -> tuple[BoardModel, StageModel, LoadModel]:
    source = source or catalogue()
    board, stage, load = full_name(name, source=source, **parts).split("/")
    model = source.model
    return model.boards[board], model.stages[stage], model.loads[load]


def _load_ohm(load: LoadModel) -> int:
    """Return the series resistance, including the wires of two contacts."""
    return load.resistance + 2 * (load.lead_resistance or 0)


def _load_nf(stage: StageModel, load: LoadModel) -> int:
    """Return the series capacitance of load and blocking capacitor (nF, rounded); 0: none."""
    nanofarad = _of_element(load, PULSE_S)
    blocking = stage.blocking_capacitance or 0
    if not (nanofarad and blocking):
        return nanofarad or blocking
    total = nanofarad + blocking
    return (2 * nanofarad * blocking + total) // (2 * total)


def _of_element(load: LoadModel, pulse_s: float, share: float = 1.0) -> int:
    """Return the load's capacitance (nF); for a constant-phase element, the charge over the
    voltage after a pulse of `pulse_s`, times `share`."""
    nanofarad = load.capacitance or 0
    if not (load.cpe_exponent and load.leak and nanofarad):
        return nanofarad
    exponent, tau_s = load.cpe_exponent / 1000, load.leak * nanofarad / 1e9
    of_pulse = math.gamma(1 + exponent) * math.pow(pulse_s / tau_s, 1 - exponent)
    return round(nanofarad * of_pulse * share)


def _seen(load: LoadModel, phase_s: float) -> tuple[int, int]:
    """Return the (ohm, nF) that stimcore.impedance measures with two phases of `phase_s`, folded.

    The voltage of a constant-phase element rises as t ** exponent; in the second phase the
    responses of both phases superpose. A capacitor's rises by 2/3 from the first third to the
    last with a mean of zero; the element's mean is measured as resistance. Earlier pulses, 5 % at
    most, are neglected.
    """
    power = (load.cpe_exponent or 1000) / 1000 + 1

    def mean(begin: float, length: float) -> float:  # of t ** exponent, in phases
        return (math.pow(begin + length, power) - math.pow(begin, power)) / power / length

    first, last, whole = (
        (3 * mean(begin, length) - mean(begin + 1, length)) / 2
        for begin, length in ((0, 1 / 3), (2 / 3, 1 / 3), (0, 1))
    )
    nanofarad = _of_element(load, phase_s)
    more_ohm = round(phase_s * 1e9 / nanofarad * whole) if nanofarad else 0
    return _load_ohm(load) + more_ohm, _of_element(load, phase_s, 2 / 3 / (last - first))


def _discharging(stage: StageModel, load: LoadModel) -> dict[str, int]:
    """Return the time constants (us) of a Board's discharges, with parts at their tolerances.

    A constant-phase element has none: its slowest follow from the one the stage declares, scaled
    by the path's resistance, its least from the capacitance seen by a pulse.
    """
    ohm, nanofarad, tolerance = _load_ohm(load), _load_nf(stage, load), load.tolerance
    low, high = 1000 - tolerance, 1000 + tolerance

    def least(path_ohm: int) -> int:
        return (ohm * low + path_ohm * 1000) * nanofarad * low // 1_000_000_000

    def slowest(path_ohm: int) -> int:
        declared = stage.discharge_time_constant
        direct = ohm + stage.switch_resistance
        if load.cpe_exponent or not nanofarad:
            return -(-declared * (ohm + path_ohm) // direct)
        ns = -(-(ohm * high + path_ohm * 1000) * nanofarad * high // 1_000_000)
        return min(-(-ns // 1000), -(-declared * (ohm + path_ohm) // direct))

    soft = stage.discharge_resistor or 0
    switch = stage.switch_resistance
    never_less = stage.source_resistance or switch // 2  # switches have half of it at least
    return {
        "discharge_tau_us": slowest(switch),
        "discharge_least_us": least(never_less),
        "soft_tau_us": slowest(switch + round(soft * (1 + RESISTOR))) if soft else 0,
        "soft_least_us": least(never_less + round(soft * (1 - RESISTOR))) if soft else 0,
        "bleed_least_us": least(round(stage.bleed * (1 - BLEED))),
    }


def _discharges_in_time(source: Catalogue, whole: str) -> None:
    """Raise BoardError if (load + switch) x capacitance exceeds the stage's declared constant."""
    _, stage, load = _rows(whole, source, {})
    ohm, nanofarad = _load_ohm(load) + stage.switch_resistance, _load_nf(stage, load)
    if ohm * nanofarad <= stage.discharge_time_constant * 1000:  # ohm x nF = ns
        return
    value = units.text(ohm * nanofarad, "ns")
    limit = units.text(stage.discharge_time_constant, "us")
    place = ("stages", whole.split("/")[1], "discharge_time_constant")
    message = f"{whole}: the load discharges with {ohm} ohm x {units.text(nanofarad, 'nF')}"
    message += f" = {value}, slower than the {limit} that the stage declares"
    problem = Problem("discharge-slow", place, message, value, limit)
    raise BoardError(source.document.file, source.document.located([problem]))


def steady_s(name: str = "", *, source: Catalogue | None = None, **parts: str) -> float:
    """Return the seconds until blocking capacitor and load are in equilibrium: 10 time constants
    of the leak with both (to 1 in 20,000). Raises as full_name."""
    _, stage, load = _rows(name, source, parts)
    nanofarad = (load.capacitance or 0) + (stage.blocking_capacitance or 0)
    return 10 * (load.leak or 0) * nanofarad / 1e9


def electrical(name: str = "", *, source: Catalogue | None = None, **parts: str) -> dict[str, Any]:
    """Return {"stage": …, "load": …, "pins": …} in SI units, for scs_sim.

    A current stage has volts_per_code 0 and source_ohm 0, a ladder amps_per_code 0; a load
    without a capacitance has capacitance_f 0 (none, not an open circuit) and leak_ohm inf;
    cpe_exponent 1 is a capacitor; a stage without a blocking capacitor has blocking_f 0.
    Raises as full_name.
    """
    _, stage, load = _rows(name, source, parts)
    stage_si = {
        "kind": stage.kind,
        "amps_per_code": (stage.current_per_code or 0) / 1e9,
        "volts_per_code": (stage.voltage_per_code or 0) / 1e9,
        "source_ohm": float(stage.source_resistance or 0),
        "code_mid": stage.code.mid,
        "code_span": stage.code.span,
        "compliance_v": stage.compliance / 1e3,
        "switch_ohm": float(stage.switch_resistance),
        "gain_mismatch_ppm": float(stage.gain_mismatch),
        "offset_a": stage.offset / 1e9,
        "settle_s": stage.settle / 1e9,
        "settle_tau_s": stage.settle / 1e9 / math.log(2 << stage.code.bits),
        "inl_codes": float(stage.inl),
        "bleed_ohm": float(stage.bleed),
        "soft_ohm": float(stage.discharge_resistor or 0),
        "blocking_f": (stage.blocking_capacitance or 0) / 1e9,
    }
    load_si = {
        "series_ohm": float(load.resistance),
        "capacitance_f": (load.capacitance or 0) / 1e9,
        "leak_ohm": float(load.leak) if load.leak else math.inf,
        "cpe_exponent": (load.cpe_exponent or 1000) / 1000,
        "lead_ohm": float(load.lead_resistance or 0),
    }
    return {"stage": stage_si, "load": load_si, "pins": dict(stage.pins)}


def pins(name: str = "", *, source: Catalogue | None = None, **parts: str) -> dict[str, int]:
    """Return the pins of a combination's stage: name -> GPIO. Raises as full_name."""
    return dict(_rows(name, source, parts)[1].pins)


def chip(name: str = "", *, source: Catalogue | None = None, **parts: str) -> str:
    """Return the microcontroller of a combination, such as "rp2040". Raises as full_name."""
    return _rows(name, source, parts)[0].chip


def rows(source: Catalogue | None = None) -> list[dict[str, str | bool]]:
    """Return the rows of `scs boards`: kind, name, about, figures (a text), default (bool)."""
    model = (source or catalogue()).model
    return [
        {
            "kind": kind,
            "name": name,
            "about": row.about,
            "figures": _figures(row),
            "default": name == getattr(model.defaults, kind),
        }
        for kind in KINDS
        for name, row in getattr(model, f"{kind}s").items()
    ]


def _figures(row: BoardModel | StageModel | LoadModel) -> str:
    if isinstance(row, BoardModel):
        return f"{row.chip}, {row.clock} MHz"
    if isinstance(row, StageModel):
        most, rate = units.text(row.max.amplitude, "uA"), units.text(row.max.rate, "mHz")
        return f"{row.contacts} contacts, {most}, {units.text(row.compliance, 'mV')}, {rate}"
    parts = [units.text(row.resistance, "ohm")]
    if row.capacitance:
        parts.append(units.text(row.capacitance, "nF"))
    return ", ".join([*parts, f"id {units.text(row.id_resistor, 'ohm')}"])
