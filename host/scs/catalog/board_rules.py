"""Check the rows of boards.yaml against one another.

Role: conflicts() of a whole file. Invariant: a combination that passes can be wired and played,
and its load identified by its resistor. Requirements: REQ-08, REQ-19.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ..documents.problem import Problem
from .board_schema import Adc, FileModel, LoadModel, StageModel
from .wiring_schema import miswired

Problems = Iterator[Problem]
# pins every stage has, then those of its encoding; the last group must be successive GPIOs
COMMON_PINS = ("active", "sync", "run", "gate", "sense_current", "sense_voltage", "load_id")
OWN_PINS = {
    "serial": ("sck", "ncs", "sdi_dac", "sdi_switch"),
    "parallel": tuple(f"data{bit}" for bit in range(8)),
}
# PIO shifts and sets groups of neighbours; each group in the order of its bits
NEIGHBOURS = {
    "serial": (("sdi_dac", "sdi_switch"), ("sck", "ncs"), ("active", "sync", "run")),
    "parallel": (OWN_PINS["parallel"], ("active", "sync", "run")),
}
SHAPES = {"serial": ("current", 12, 8), "parallel": ("ladder", 8, 2)}  # kind, bits, contacts


def conflicts(model: FileModel) -> Problems:
    """Yield all conflicts between the rows of a file."""
    tables: dict[str, Any] = {
        "board": model.boards,
        "stage": model.stages,
        "load": model.loads,
    }
    for part, rows in tables.items():
        wanted = getattr(model.defaults, part)
        if wanted not in rows:
            message = f"{wanted} is not one of {', '.join(rows)}"
            yield Problem("default-unknown", ("defaults", part), message)
    for name, stage in model.stages.items():
        yield from (problem.within(("stages", name)) for problem in _of_stage(stage))
    for name, load in model.loads.items():
        yield from (problem.within(("loads", name)) for problem in _of_load(load))
    yield from _look_alike(model)
    yield from miswired({name: stage.pins for name, stage in model.stages.items()}, model.wiring)


def _of_load(load: LoadModel) -> Problems:
    if load.leak is not None and load.capacitance is None:
        message = "a leak is parallel to a capacitance; give a capacitance too"
        yield Problem("leak-alone", ("leak",), message)
    if load.cpe_exponent is not None and (load.capacitance is None or load.leak is None):
        message = "a constant-phase element needs capacitance and leak; give both"
        yield Problem("cpe-alone", ("cpe_exponent",), message)


def _of_stage(stage: StageModel) -> Problems:
    kind, bits, most = SHAPES[stage.sequencer.program]
    if (stage.kind, stage.code.bits) != (kind, bits) or stage.contacts > most:
        message = f"{stage.sequencer.program} plays a {kind} of {bits} bits and {most} contacts"
        yield Problem("stage-encoding", ("sequencer", "program"), message)
    low, high = stage.code.mid - stage.code.span, stage.code.mid + stage.code.span
    if low < 0 or high >= 1 << stage.code.bits:
        message = f"codes {low} to {high} do not fit in {stage.code.bits} bits"
        yield Problem("code-span", ("code", "span"), message)
    if stage.sequencer.min_record_ticks < stage.sequencer.overhead_ticks:
        message = "a record cannot be shorter than its overhead"
        yield Problem("record-ticks", ("sequencer", "min_record_ticks"), message)
    yield from _of_kind(stage)
    yield from _of_pins(stage)


def _of_kind(stage: StageModel) -> Problems:
    needed = {"current": ("current_per_code",), "ladder": ("voltage_per_code", "source_resistance")}
    for owner, names in needed.items():
        for name in names:
            if (getattr(stage, name) is not None) != (owner == stage.kind):
                verb = "needs" if owner == stage.kind else "has no"
                message = f"a stage of kind {stage.kind} {verb} {name}"
                yield Problem("stage-kind", (name,), message)
    if stage.kind == "ladder" and stage.blocking_capacitance is None:
        # the kernel counts what discharge leaves; a ladder's offset is not part of that
        message = "a stage of kind ladder needs a blocking capacitor, such as 3.3 uF: without one"
        message += " its offset flows on for as long as the load is connected"
        yield Problem("ladder-unblocked", ("blocking_capacitance",), message)


def _of_pins(stage: StageModel) -> Problems:
    needed = {*COMMON_PINS, *OWN_PINS[stage.sequencer.program]}
    given = set(stage.pins)
    for name in sorted(needed ^ given):
        word = "is missing" if name in needed else "is not a pin of this stage"
        yield Problem("pin-names", ("pins", name), f"{name} {word}")
    if needed != given:
        return
    owners: dict[int, str] = {}
    for name, number in stage.pins.items():
        if owners.setdefault(number, name) != name:
            message = f"GPIO {number} is already {owners[number]}"
            yield Problem("pin-taken", ("pins", name), message)
    for group in NEIGHBOURS[stage.sequencer.program]:
        for before, after in pairwise(group):
            if stage.pins[after] != stage.pins[before] + 1:
                message = f"{after} must be the GPIO after {before}"
                yield Problem("pin-order", ("pins", after), message)


def id_code(load: LoadModel, adc: Adc) -> int:
    """Return the ADC code at the load's id resistor, rounded: full scale x R / (R + divider)."""
    full, total = (1 << adc.bits) - 1, load.id_resistor + adc.id_divider
    return (2 * full * load.id_resistor + total) // (2 * total)


def _look_alike(model: FileModel) -> Problems:
    """Yield loads whose identification windows overlap."""
    for board, row in model.boards.items():
        codes = sorted((id_code(load, row.adc), name) for name, load in model.loads.items())
        for (low, before), (high, after) in pairwise(codes):
            if high - low <= 2 * row.adc.id_tolerance:
                message = f"{board} cannot tell {after} (code {high}) from {before} (code {low})"
                yield Problem("loads-alike", ("loads", after, "id_resistor"), message)
