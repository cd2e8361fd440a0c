"""Boards, stages and dummy loads by name, as the device, the simulator and the flasher need them.

Role: board() derives the integers of stimcore.board.Board, electrical() the same facts in SI
units for the simulator, pins() the wiring, rows() the table that `scs boards` prints.
Invariant: a combination whose load discharges more slowly than the stage declares is refused.
Requirements: REQ-19. Next: boardfile.py (the schema of boards.yaml).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from stimcore.board import STAGE_MCP4922_8, STAGE_R2R_1, Board

from . import resources, units
from .boardfile import BoardError, BoardModel, Catalogue, LoadModel, StageModel, id_code
from .complaints import Complaint, nearest, path_text, printable

Rows = tuple[BoardModel, StageModel, LoadModel]
STAGE_NUMBERS = {"serial": STAGE_MCP4922_8, "parallel": STAGE_R2R_1}
KINDS = ("board", "stage", "load")


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The shipped boards.yaml; BoardError if it has been damaged."""
    return Catalogue.read(resources.path("boards.yaml"))


def full_name(name: str = "", *, source: Catalogue | None = None, **parts: str) -> str:
    """ "BOARD/STAGE/LOAD" from a whole name, or from board=, stage=, load= and the defaults.

    BoardError, with "did you mean", for a row that boards.yaml does not have.
    """
    source = source or catalogue()
    usual = source.model.defaults
    chosen = [parts.get(kind) or getattr(usual, kind) for kind in KINDS]
    if name:
        chosen = name.split("/")
        if len(chosen) != len(KINDS) or any(parts.values()):
            example = f"{usual.board}/{usual.stage}/{usual.load}"
            message = f"{printable(name, 80)} is not BOARD/STAGE/LOAD, such as {example}"
            raise BoardError(source.document.file, [Complaint("name", "", 0, message)])
    found = [_unknown(source, kind, part) for kind, part in zip(KINDS, chosen, strict=True)]
    complaints = [one for one in found if one is not None]
    if complaints:
        raise BoardError(source.document.file, complaints)
    return "/".join(chosen)


def _unknown(source: Catalogue, kind: str, part: str) -> Complaint | None:
    table = f"{kind}s"
    known = getattr(source.model, table)
    if part in known:
        return None
    value, listed = printable(part), ", ".join(known)
    message = f"no {kind} is called {value}{nearest(part, known)}; there are {listed}"
    return Complaint("unknown", table, source.document.line((table,)), message, value, listed)


def board(name: str = "", *, source: Catalogue | None = None, **parts: str) -> Board:
    """The device's view of a combination, all integers; parts are board=, stage=, load=.

    BoardError for an unknown row, or for a load that the stage cannot discharge in time.
    """
    source = source or catalogue()
    whole = full_name(name, source=source, **parts)
    row, stage, load = _rows(source, whole)
    _discharges_in_time(source, whole)
    adc = row.adc
    facts = {
        "name": whole,
        "clock_hz": row.clock * 1_000_000,
        "load_ohm": load.resistance,
        "load_nf": load.capacitance or 0,
        "seen_ohm": load.resistance,
        "seen_nf": load.capacitance or 0,
        "load_tolerance_permille": load.tolerance,
        "load_id_code": id_code(load, adc),
        "load_id_tolerance": adc.id_tolerance,
    }
    return Board(**facts, **_of_stage(stage, _na_per_code(stage, load)))


def _of_stage(stage: StageModel, na_per_code: int) -> dict[str, int]:
    """What a Board says of its stage; a ladder cannot reach its maximum into every load."""
    return {
        "stage": STAGE_NUMBERS[stage.sequencer.program],
        "contacts": stage.contacts,
        "na_per_code": na_per_code,
        "code_mid": stage.code.mid,
        "code_span": stage.code.span,
        "overhead_ticks": stage.sequencer.overhead_ticks,
        "min_record_ticks": stage.sequencer.min_record_ticks,
        "compliance_mv": stage.compliance,
        "discharge_tau_us": stage.discharge_time_constant,
        "gain_mismatch_ppm": stage.gain_mismatch,
        "offset_na": stage.offset,
        "adc_zero": stage.sense.zero_code,
        "sense_na_per_lsb": stage.sense.current_per_lsb,
        "sense_uv_per_lsb": stage.sense.voltage_per_lsb,
        "max_amplitude_ua": min(stage.max.amplitude, na_per_code * stage.code.span // 1000),
        "max_rate_mhz": stage.max.rate,
    }


def _rows(source: Catalogue, whole: str) -> Rows:
    board, stage, load = whole.split("/")
    model = source.model
    return model.boards[board], model.stages[stage], model.loads[load]


def _na_per_code(stage: StageModel, load: LoadModel) -> int:
    """Current of one code, nA, rounded; a ladder's depends on the load (nV / ohm = nA)."""
    if stage.current_per_code is not None:
        return stage.current_per_code
    ohm = (stage.source_resistance or 0) + load.resistance
    return (2 * (stage.voltage_per_code or 0) + ohm) // (2 * ohm)


def _discharges_in_time(source: Catalogue, whole: str) -> None:
    """BoardError where (load + switch) x capacitance is above the stage's declared constant."""
    _, stage, load = _rows(source, whole)
    ohm, nanofarad = load.resistance + stage.switch_resistance, load.capacitance or 0
    if ohm * nanofarad <= stage.discharge_time_constant * 1000:  # ohm x nF = ns
        return
    value = units.text(ohm * nanofarad, "ns")
    limit = units.text(stage.discharge_time_constant, "us")
    place = ("stages", whole.split("/")[1], "discharge_time_constant")
    message = f"{whole}: the load discharges with {ohm} ohm x {units.text(nanofarad, 'nF')}"
    message += f" = {value}, slower than the {limit} that the stage declares"
    line = source.document.line(place)
    row = Complaint("conflict", path_text(place), line, message, value, limit)
    raise BoardError(source.document.file, [row])


def electrical(name: str = "", *, source: Catalogue | None = None, **parts: str) -> dict[str, Any]:
    """{"stage": …, "load": …, "pins": …} in ohm, farad, volt, ampere and second, for scs_sim.

    A current stage has volts_per_code 0 and source_ohm 0, a ladder amps_per_code 0; a load
    without a capacitance has capacitance_f 0 (none, not an open circuit) and leak_ohm inf.
    Raises as full_name.
    """
    source = source or catalogue()
    _, stage, load = _rows(source, full_name(name, source=source, **parts))
    circuit = {
        "series_ohm": float(load.resistance),
        "capacitance_f": (load.capacitance or 0) / 1e9,
        "leak_ohm": float(load.leak) if load.leak else math.inf,
    }
    return {"stage": _electrical_stage(stage), "load": circuit, "pins": dict(stage.pins)}


def _electrical_stage(stage: StageModel) -> dict[str, Any]:
    return {
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
    }


def pins(name: str = "", *, source: Catalogue | None = None, **parts: str) -> dict[str, int]:
    """The wiring of a combination's stage: pin name -> GPIO. Raises as full_name."""
    source = source or catalogue()
    stage = _rows(source, full_name(name, source=source, **parts))[1]
    return dict(stage.pins)


def chip(name: str = "", *, source: Catalogue | None = None, **parts: str) -> str:
    """The microcontroller of a combination's board, such as "rp2040". Raises as full_name."""
    source = source or catalogue()
    return _rows(source, full_name(name, source=source, **parts))[0].chip


def rows(source: Catalogue | None = None) -> list[dict[str, str | bool]]:
    """Every row for `scs boards`: kind, name, about, figures (a text), default (or not)."""
    source = source or catalogue()
    found: list[dict[str, str | bool]] = []
    for kind in KINDS:
        usual = getattr(source.model.defaults, kind)
        for name, row in getattr(source.model, f"{kind}s").items():
            texts = {"kind": kind, "name": name, "about": row.about, "figures": _figures(row)}
            found.append({**texts, "default": name == usual})
    return found


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
