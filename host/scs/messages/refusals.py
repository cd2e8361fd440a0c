"""Turn a refusal of the device into a sentence: the error text, its values and what to do.

Role: (code, index, value, limit) -> one sentence in human units, with names where known.
Invariant: every row gives a sentence, even with a code unknown to this host.
Requirements: REQ-61.
"""

from __future__ import annotations

from collections.abc import Sequence

from stimcore import commands, errors, limits
from stimcore.board import FINE

from ..errors import Row
from . import error_texts, safety_metrics

# the state the device is in: what to do about it
_WAY_OUT = {
    "OFF": "load a profile first",
    "LOADED": "arm it first",
    "ARMED": "stop or halt it first",
    "RUNNING": "stop it first (scs stop)",
    "STOPPING": "it is ramping down: wait, or halt it (scs halt)",
    "MEASURING": "it is measuring the load: wait a few seconds, or halt it (scs halt)",
    "FAULT": "a fault is latched: see it with `scs faults`, clear it with `scs faults --clear`",
}
_SMALLER = (
    "recharge after each pulse or actively, leave more time between bursts, make the pulses"
    " narrower, or raise the limit with limits: {discharge: 150 %}"
)
_HINTS = {
    errors.SHAPE_PEAK: "give the program a higher ceiling, or a higher amplitude",
    errors.LOAD_ID: "connect the declared dummy load, or choose another board row with --load",
    errors.LOAD_UNKNOWN: "measure it first (MEASURE; Stimulator.arm() does so by itself)",
    errors.LOAD_OLD: "measure it again (MEASURE; Stimulator.arm() does so by itself)",
    errors.LOAD_OPEN: "look for a broken wire between stage and dummy load",
    errors.LOAD_SHORT: "look for a short across the dummy load, or a bare wire in its place",
    errors.LOAD_OHM: "connect the declared dummy load, or choose another board row with --load",
    errors.LOAD_NF: "connect the declared dummy load, or choose another board row with --load",
    errors.CALIBRATION: "run `scs calibrate`, or remove it with `scs calibrate --reset`",
    errors.FAULT_LOAD: "look for a loose wire; `scs impedance` measures the dummy load again",
    errors.FAULT_RESIDUAL: "look at the switches that discharge the load",
    errors.DISCHARGE_PEAK: _SMALLER,
    errors.BLEED_PEAK: _SMALLER,
    errors.FAULT_DISCHARGE: "look at R28 and at the switches that discharge the load",
    errors.FAULT_COMPLIANCE: "the load is above the declared one; `scs impedance` measures it",
    errors.MEASURE_CONTACTS: "e.g. --from E1 --to E2",
    errors.CEILING: "load a profile with a higher ceiling",
    errors.HASH_MISMATCH: "another program was loaded in between; load it again",
    errors.SLOT_RANGE: f"the slots are 1 to {limits.GROUP_SLOTS}",
    errors.SLOT_EMPTY: "`scs store list` shows the slots in use",
    errors.SLOT_DAMAGED: "save a program there, or erase it (scs store erase)",
    errors.STORE_WRITE: "the flash is full or worn out: erase another slot, or replace the board",
    errors.FAULT_OPEN: "look for a broken wire between stage and dummy load",
    errors.FAULT_SHORT: "look for a short across the dummy load",
    errors.FAULT_WATCHDOG: "the output was switched off; report this with the firmware's version",
}
_AT_A_CONTACT = (errors.LOAD_OPEN, errors.LOAD_SHORT, errors.LOAD_OHM, errors.LOAD_NF)
_OF_A_SLOT = (errors.SLOT_RANGE, errors.SLOT_EMPTY, errors.SLOT_DAMAGED, errors.STORE_WRITE)
OF_A_PROGRAM = (
    errors.BELOW_CODE,
    errors.DOES_NOT_FIT,
    errors.SHORT_GAP,
    errors.SHORT_SEGMENT,
    errors.STAGE_SPAN,
    errors.SHAPE_PEAK,
    errors.NO_PROGRAM,
)


def not_in_state(command: str, state: str) -> str:
    """Return why a command is not allowed in a state, and what to do about it."""
    if command == "clear_fault":
        return f"no fault is latched: the device is {state}"
    name = command.replace("_", " ")
    return f"{name!r} is not allowed while the device is {state}: {_WAY_OUT.get(state, '')}"


def sentence(row: Row, contacts: Sequence[str] = (), programs: Sequence[str] = ()) -> str:
    """Return one refusal row as a sentence."""
    code, index, value, limit = row
    if code not in error_texts.ERRORS:
        return f"the device refused with code {code}, which this host does not know"
    if code == errors.BLOB_FIELD:
        number, name = error_texts.field_name(index)
        owner = f" of {_program(number, programs)}" if number >= 0 else ""
        return f"the field {name}{owner} is {value}; its limit is {limit}"
    if code == errors.BAD_COMMAND:
        return f"the device does not know command 0x{index:02x}"
    message = error_texts.ERRORS[code].text
    if code in _OF_A_SLOT:
        return f"slot {index + 1}: {message}; {_HINTS[code]}"
    if code == errors.STAGE_CONTACTS:
        first, second = contacts[:2] if len(contacts) > 1 else ("E1", "E2")
        message += f"; e.g. cathodes: [{first}], anodes: [{second}]"
        return f"{message}, or choose another --stage"
    if code == errors.CALIBRATION_RANGE:
        return _of_calibration(index, value, limit)
    if value or limit:
        message += (
            f": {safety_metrics.text(code, value)} against {safety_metrics.text(code, limit)}"
        )
    message += _where(code, index, contacts, programs)
    return f"{message}; {_HINTS[code]}" if code in _HINTS else message


def _of_calibration(index: int, value: int, limit: int) -> str:
    channel = ("current", "voltage")[index >> 1 & 1]
    if index & 1:
        what = f"the {channel} gain would deviate by {value / 1e4:+.1f} %"
        most = f"{limit / 1e4:g} %"
    else:
        what = f"the {channel} offset would be {value / FINE:+.1f} ADC codes"
        most = f"{limit / FINE:g} codes"
    message = f"calibration out of range: {what}; the limit is {most}"
    return f"{message}; check the load and the stage; the calibration is unchanged"


def fault(row: Row, contacts: Sequence[str] = ()) -> str:
    """Return a latched fault as a sentence that begins with its name."""
    name = error_texts.ERRORS[row[0]].name if row[0] in error_texts.ERRORS else f"code {row[0]}"
    return f"{name}: {sentence(row, contacts)}"


def amplitude(row: Row, contacts: Sequence[str], programs: Sequence[str]) -> str:
    """Return the sentence for a refused AMPLITUDE, where the index of CEILING is a program."""
    message = sentence(row, contacts, programs)
    if row[0] == errors.CEILING:
        return f"{_program(row[1], programs)}: {message}"
    return message


def _where(code: int, index: int, contacts: Sequence[str], programs: Sequence[str]) -> str:
    if code in _AT_A_CONTACT or (code in safety_metrics.PER_CONTACT and code != errors.CEILING):
        return f", at {safety_metrics.contact_name(index, contacts)}"
    if code in OF_A_PROGRAM:
        return f", in {_program(index, programs)}"
    return ""


def _program(index: int, programs: Sequence[str]) -> str:
    return repr(programs[index]) if index < len(programs) else f"program {index + 1}"


def stop_reason(code: int) -> str:
    """Return the word for a stop reason code."""
    known = code < len(commands.STOP_REASONS)
    return str(commands.STOP_REASONS[code]) if known else f"reason {code}"
