"""Turn a refusal of the device into a sentence: the error text, its values and what to do.

Role: (code, index, value, limit) -> one sentence in human units, with names where known.
Invariant: every row gives a sentence, even with a code unknown to this host.
Requirements: REQ-61.
"""

from __future__ import annotations

from collections.abc import Sequence

from stimcore import access, calibration, commands, errors, journal, limits
from stimcore.board import FINE

from ..documents import units
from ..errors import Row
from . import error_texts, safety_metrics
from .remedies import REMEDIES, of_the_words

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
_ACTIVITIES = {  # names of stimcore.commands, which are the protocol's, in a user's words
    **dict.fromkeys(("stage_begin", "stage_data", "commit"), "loading a program"),
    "arm": "arming",
    "start": "starting",
    "stop": "stopping",
    "amplitude": "a change of amplitude",
    "figures": "asking for safety figures",
    "maintenance": "flashing",
    "save": "saving the program in a slot",
    "recall": "loading a stored program",
    "slots": "listing the stored programs",
    "erase": "erasing a slot",
    "log": "reading the journal",
    "scope_arm": "a capture of the output",
    "scope_read": "a capture of the output",
    "words": "a capture of the output",
    "measure": "measuring the load",
    "impedance": "measuring the load",
    **dict.fromkeys(("calibrate", "calibration"), "calibrating"),
    "shift": "shifting contacts",
    "pair": "pairing",
    **dict.fromkeys(("open", "signed"), "opening a session"),
    "unload": "unloading the program",
    "clear_fault": "clearing a fault",
}
_GRIDS = {"_millihz": "mHz", "_permille": "permille", "_ns": "ns", "_ms": "ms", "_ua": "uA"}
_AT_A_CONTACT = (errors.LOAD_OPEN, errors.LOAD_SHORT, errors.LOAD_OHM, errors.LOAD_NF)
_HOLDERS = {commands.OPERATOR: "operator", commands.PROGRAMMER: "programmer"}
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


def activity(opcode: int) -> str:
    """Return a command in a user's words."""
    name = next((row[1] for row in commands.TABLE if row[0] == opcode), "an unknown command")
    return _ACTIVITIES.get(name, name)


def not_in_state(command: str, state: str) -> str:
    """Return why a command is not allowed in a state, and what to do about it."""
    if command == "clear_fault":
        return f"no fault is latched: the device is {state}"
    what = _ACTIVITIES.get(command, command)
    return f"{what} is not allowed while the device is {state}: {_WAY_OUT.get(state, '')}"


def sentence(row: Row, contacts: Sequence[str] = (), programs: Sequence[str] = ()) -> str:
    """Return one refusal row as a sentence, with what to do about it."""
    code, _index, words, most = row
    if code not in error_texts.ERRORS:
        return f"{cause(row)}; {REMEDIES[errors.BAD_VERSION]}"
    remedy = REMEDIES.get(code, "")
    if code == errors.STAGE_CONTACTS:
        first, second = contacts[:2] if len(contacts) > 1 else ("E1", "E2")
        remedy = remedy.format(first=first, second=second)
    if code == errors.TABLE_LENGTH and words <= most:
        remedy = of_the_words("it was compiled wrongly")
    return f"{cause(row, contacts, programs)}; {remedy}"


def cause(row: Row, contacts: Sequence[str] = (), programs: Sequence[str] = ()) -> str:
    """Return what one refusal row refuses, with value, limit and place."""
    code, index, value, limit = row
    if code not in error_texts.ERRORS:
        return f"the device refused with code {code}, which this host does not know"
    if code == errors.BLOB_FIELD:
        number, name = error_texts.field_name(index)
        owner = f" of {_program(number, programs)}" if number >= 0 else ""
        end = next((end for end in _GRIDS if name.endswith(end)), "")
        texts = [units.text(n, _GRIDS[end]) if end else str(n) for n in (value, limit)]
        field = name.removesuffix(end).replace("_", " ")
        return f"the field {field!r}{owner} is {texts[0]}; its limit is {texts[1]}"
    if code == errors.TABLE_LENGTH:
        return _of_table(value, limit)
    if code == errors.CALIBRATION_RANGE:
        return _of_calibration(index, value, limit)
    message = error_texts.ERRORS[code].text
    if errors.NO_ROLE <= code <= errors.KEY_DAMAGED:
        return message + _of_access(code, value, limit)
    if code in _OF_A_SLOT:
        return f"{_slot(index)}: {message}"
    if (value or limit) and code != errors.STAGE_CONTACTS:
        message += (
            f": {safety_metrics.text(code, value)} against {safety_metrics.text(code, limit)}"
        )
    return message + _where(code, index, contacts, programs)


def _of_access(code: int, value: int, limit: int) -> str:
    """Return what a refusal for want of a key says beyond its text."""
    if code == errors.SESSION_HELD:
        return f", and its session ends in {value / 1000:g} s if it stays silent" if value else ""
    if code == errors.NO_ROLE and limit in _HOLDERS:
        has = f", and the session has the {_HOLDERS[value]}'s" if value in _HOLDERS else ""
        return f": the {_HOLDERS[limit]}'s{has}"
    return ""


def _slot(index: int) -> str:
    if index == access.SLOT:
        return "the key"
    if index >= journal.FIRST:
        return "the journal"
    return "the calibration" if index == calibration.SLOT else f"slot {index + 1}"


def _of_table(words: int, most: int) -> str:
    """Return which of its causes a refused length of the table has, each with its own limit."""
    if words <= most:
        state = f"ends within a record, at word {words}" if words else "is empty"
        return f"the table of words {state}"
    judged = most < limits.TABLE_WORDS  # by the compiler, for the time that the kernel may take
    why = "has more phases than the device can judge in time" if judged else "exceeds its memory"
    return f"a period of the program {why}: {words} words against {most} words"


def _of_calibration(index: int, value: int, limit: int) -> str:
    channel = ("current", "voltage")[index >> 1 & 1]
    if index & 1:
        what = f"the {channel} gain would deviate by {value / 1e4:+.1f} %"
        most = f"{limit / 1e4:g} %"
    else:
        what = f"the {channel} offset would be {value / FINE:+.1f} ADC codes"
        most = f"{limit / FINE:g} codes"
    return f"calibration out of range: {what}; the limit is {most}"


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
