"""Cause and cure of every error, by its id: what `scs explain` and errors.md tell.

Role: the one table of ids. Those of a file stand here; a device's refusals and faults have their
text from error_texts and their cure from remedies. Invariant: every id that a problem, a refusal
or a fault may have is in it, and none is in it twice. Requirements: REQ-60, REQ-61.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from stimcore import errors

from ..documents.problem import FileRefused
from ..errors import DeviceFault, DeviceRefused
from . import error_texts
from .remedies import REMEDIES

DOCUMENTS = {
    "file-unreadable": (
        "the file is missing, is a directory, or may not be read",
        "name a .yaml file that is there, e.g. scs new tonic_50hz my.yaml",
    ),
    "file-too-large": (
        "the file is over 1 MB; a profile has a few hundred bytes",
        "name the profile itself, not a recording or an archive",
    ),
    "file-empty": (
        "the file holds no value",
        "begin with a shipped therapy: scs new tonic_50hz my.yaml",
    ),
    "text-encoding": ("the file is not UTF-8 text", "save it as UTF-8"),
    "text-character": (
        "the file holds a character that YAML forbids, such as a control character",
        "delete the character on that line",
    ),
    "text-surrogate": (
        "the text holds half a character, a lone surrogate",
        "write the whole character, or leave it out",
    ),
    "yaml-syntax": (
        "the text is not YAML",
        "look on that line, and the one before, for a tab, a missing colon, quote or bracket",
    ),
    "yaml-key": (
        "the name of a field is a list, a mapping or an alias",
        "write the name as plain text, e.g. rate: 50 Hz",
    ),
    "yaml-anchor": (
        "the file has an anchor (&) or an alias (*), by which a small file can become a huge one",
        "write the value out where it is needed",
    ),
    "yaml-tag": ("a value has a tag (!)", "write the plain value"),
    "yaml-second-document": (
        "a second document begins in the file, after ---",
        "put it into a file of its own",
    ),
    "yaml-depth": ("the file is nested deeper than any profile", "write the fields flatter"),
    "yaml-values": ("the file has more values than any profile", "split it into several files"),
    "field-repeated": ("a field is given twice in one mapping", "keep one of them"),
    "field-missing": ("a required field is not there", "add it, as the example in the message"),
    "field-unknown": (
        "there is no field of that name here",
        "take the name that the message proposes; scs schema has them all",
    ),
    "field-old-name": (
        "a field stands beside its own old name",
        "keep the new name, and delete the old one",
    ),
    "field-unsupported": (
        "a published protocol gives this value in a form that a profile does not have",
        "write it as the message says, e.g. rate: 123.457 Hz for a period of 8.1 ms",
    ),
    "value-type": (
        "a list or a mapping of fields is needed, and something else stands there",
        "write it as the example, e.g. anodes: [E4]",
    ),
    "list-length": ("a list has too few or too many entries", "add entries, or leave some out"),
    "one-of": ("exactly one of several fields is needed", "keep one, e.g. {duration: 10 min}"),
    "text-type": (
        "a text is needed, and a number, a list or nothing stands there",
        'put a text that looks like a number in quotes, e.g. name: "50"',
    ),
    "text-length": ("the text is empty, too long, or of several lines", "write one short line"),
    "whole-number": (
        "a whole number without a unit is needed",
        "write e.g. pulses: 5, neither 5.0 nor 5 pulses",
    ),
    "flag-type": ("neither true nor false; yes and on are texts in YAML 1.2", "write e.g. true"),
    "word-unknown": ("the word is none of those allowed here", "take one that the message lists"),
    "quantity-type": (
        "a quantity is needed, and a list, a mapping or nothing stands there",
        "write a number and a unit, e.g. 2 mA",
    ),
    "quantity-form": (
        "the text is not one number and one unit",
        "write them as e.g. 2 mA, with a point for decimals and no separators",
    ),
    "number-not-finite": ("the number is nan or infinite", "write a finite number, e.g. 2 mA"),
    "number-too-large": (
        "the number is far beyond every limit",
        "look for a wrong prefix: M is mega, m is milli",
    ),
    "unit-missing": ("a number has no unit, and none is guessed", "write its unit, e.g. 200 us"),
    "unit-wrong": (
        "the unit is unknown, or measures something else than this field",
        "use a unit that the message lists; the case counts: mA, not MA",
    ),
    "share-form": (
        "the text is not a share of a threshold",
        "write e.g. amplitude: 60 % of perception",
    ),
    "finer-than-grid": (
        "the value is finer than the field's grid, and nothing is rounded",
        "write a whole number of the grid's unit, e.g. 1003 uA, not 1003.5 uA",
    ),
    "out-of-range": (
        "the value is outside the field's range",
        "write a value within the range that the message gives",
    ),
}
PROFILES = {
    "lead-unknown": ("there is no lead of that name", "use a file of leads/, e.g. octrode-3mm"),
    "lead-damaged": ("the lead's own file cannot be used", "mend that file, or reinstall"),
    "contact-not-on-lead": (
        "the lead has no contact of that name",
        "use one of the contacts that the message lists, or another lead",
    ),
    "contact-repeated": ("a contact stands twice in a list", "list it once"),
    "contact-polarity": (
        "a contact is a cathode in one place and an anode in another",
        "choose one of the two",
    ),
    "width-missing": ("there is no pulse width", "add e.g. pulse_width: 200 us"),
    "width-beside-segments": (
        "segments have widths of their own, and a pulse width stands beside them",
        "leave out pulse_width",
    ),
    "width-uneven": (
        "a sine or gaussian is made of equal steps of whole microseconds",
        "write the width that the message proposes",
    ),
    "shape-recharge": ("a shape balances its charge itself", "leave recharge out, or passive"),
    "shape-gap": (
        "a shape has no interphase gap",
        "leave interphase_gap out; a segment of 0 % is a gap",
    ),
    "segment-first": (
        "the first segment carries no current",
        "begin with one that does, e.g. {amplitude: -100 %, width: 200 us}",
    ),
    "segments-unbalanced": (
        "amplitude times width of the segments do not sum to zero: charge would remain",
        "change the last segment as the message says",
    ),
    "segments-length": (
        "the longest run of segments of one sign is too short or too long for a phase",
        "change the widths, e.g. to 200 us",
    ),
    "dither-combined": (
        "a dithered width would unbalance a shape or an alternating polarity",
        "dither the rate alone: width: 0 %",
    ),
    "dither-width": (
        "with its dither the width would leave the range of a first phase",
        "write the smaller share that the message proposes",
    ),
    "dither-period": (
        "the pulses of the pattern take longer than a period of 1 s",
        "have fewer, as the message proposes",
    ),
    "interleave-same": ("the second contacts are the program's own", "use others"),
    "interleave-polarity": (
        "with an alternating polarity some contacts would get one polarity more often",
        "write polarity: cathodic, or leave interleave out",
    ),
    "interleave-split": (
        "the split comes out even only after more pulses than a period may have",
        "write the share that the message proposes, e.g. 25 %",
    ),
    "threshold-order": (
        "the thresholds do not rise from perception by comfort to discomfort",
        "measure again (scs titrate), or write them in that order",
    ),
    "perception-missing": (
        "the amplitude is a share of perception, which was not measured",
        "add e.g. thresholds: {perception: 1.2 mA}, or write the amplitude in mA",
    ),
    "amplitude-zero": ("the share of perception is less than 1 uA", "write a larger share"),
    "ceiling-range": (
        "a program's ceiling is above limits.amplitude",
        "lower the ceiling, or raise limits.amplitude",
    ),
    "amplitude-range": (
        "the amplitude is above its own ceiling, limits.amplitude or the discomfort threshold",
        "lower the amplitude to the limit that the message names",
    ),
    "intra-rate": (
        "the pulses of a burst come more slowly than the bursts",
        "raise intra_rate, e.g. 500 Hz, or lower rate",
    ),
    "recharge-tonic": ("a recharge after the burst, but there are no bursts", "after: pulse"),
    "offset-range": (
        "the offset is longer than the interval between two pulses",
        "write an offset below 1 / rate",
    ),
    "schedule-period": (
        "the rates of two programs have no common period of 1 s or less",
        "choose rates with a small common multiple of their periods, e.g. 40 Hz and 80 Hz",
    ),
    "schedule-count": (
        "a common period of two programs has too many pulses of one of them",
        "choose rates that are nearer to multiples of each other, e.g. 40 Hz and 80 Hz",
    ),
    "schedule-fit": (
        "pulses of two programs would meet, whatever their offsets",
        "lower a rate, or make the pulses or their recharge shorter",
    ),
    "schedule-offset": (
        "with the given offsets pulses of two programs meet",
        "leave the offsets out, which finds places for them, or change them",
    ),
    "session-pulses": (
        "the session's pulses are not a multiple of those in a period",
        "write the number that the message proposes",
    ),
    "lease-unused": ("a lease has no effect beside stand_alone", "leave out one of the two"),
    "ramp-steep": (
        "the amplitude would rise by more than 500 uA in a step",
        "give ramp.up the time that the message proposes, or leave it out",
    ),
    "ramp-long": (
        "the ramp is longer than the session: the amplitude would never be reached",
        "shorten the ramp, or lengthen the session",
    ),
    "cycle-short": (
        "the ramps up and down do not fit into the on time",
        "lengthen cycle.on, or shorten the ramps",
    ),
    "program-unnamed": (
        "in code: several programs, and it is not said which of them is changed",
        "name it, as the message says",
    ),
    "value-not-plain": (
        "in code: a value is an object that no file can hold",
        "pass texts, numbers, lists and dicts, e.g. rate='50 Hz'",
    ),
    "ramp-refused": (
        "on its way up the ramp comes by an amplitude at which a shape is refused: its small"
        " segments are rounded up to one DAC code",
        "change the amplitude or the shape as the message proposes",
    ),
    "ramp-pulses": (
        "on its way up a shape has another number of pulses, and so the session cannot count them",
        "limit the session by duration",
    ),
}
CATALOGUES = {
    "board-name": ("the name is not BOARD/STAGE/LOAD", "see `scs boards`"),
    "row-unknown": ("boards.yaml has no row of that name", "see `scs boards`"),
    "default-unknown": ("a default names a row that is not there", "name a row of the table"),
    "discharge-slow": (
        "the load discharges more slowly than the stage declares",
        "choose another load, or declare the stage's discharge_time_constant",
    ),
    "leak-alone": ("a leak without a capacitance", "give capacitance too"),
    "cpe-alone": ("cpe_exponent without capacitance and leak", "give both"),
    "stage-encoding": (
        "the sequencer's program does not play this kind, width of code or number of contacts",
        "correct kind, code.bits or contacts, or name the other program",
    ),
    "code-span": ("codes mid - span to mid + span exceed the converter", "lower code.span"),
    "record-ticks": (
        "a record would be shorter than the sequencer's own overhead",
        "raise min_record_ticks",
    ),
    "stage-kind": (
        "a stage has a value of the other kind, or lacks one of its own",
        "a current stage has current_per_code, a ladder voltage_per_code and source_resistance",
    ),
    "ladder-unblocked": (
        "a ladder without a blocking capacitor: its offset would flow on through a resistive load",
        "put a capacitor in series with the load, and give its blocking_capacitance",
    ),
    "pin-names": ("a pin of the stage is missing, or is not one of its pins", "correct pins"),
    "pin-taken": ("two pins have the same GPIO", "give each its own"),
    "pin-order": ("pins that the sequencer drives at once do not follow each other", "renumber"),
    "loads-alike": (
        "two loads have identification resistors that the board cannot tell apart",
        "choose resistors further apart",
    ),
    "lead-name": ("the lead's name is not that of its file", "rename one of the two"),
    "contact-name": ("two contacts of a lead have one name", "give each its own"),
    "wiring-stage": ("a stage has no wiring, or a wiring no stage", "add or remove it"),
    "wiring-pin": ("a pin is not connected, or is not one of the stage", "correct its line"),
    "wiring-supply": ("the wiring names a supply that does not exist", "correct its name"),
    "wiring-outside": ("`outside` names a net that does not exist", "correct its name"),
    "part-repeated": ("a part is listed twice", "list it once"),
    "part-unknown": ("a line joins a part that is not in the list", "list it, or correct it"),
    "part-ends": ("a part of two ends has another number of them connected", "connect two"),
    "part-pin": ("a part is connected without a pin number", "write e.g. U1.1"),
    "part-pin-shared": ("a pin is in several lines", "keep it in one"),
}
CIRCUIT = {  # of `scs wiring --check`
    "circuit-part": ("a chip or a diode has no data sheet here", "add it to data_sheets.yaml"),
    "circuit-pin": ("the part has no such pin", "take the number from its data sheet"),
    "circuit-open-pin": ("an input or a supply of a part is open", "connect it"),
    "circuit-alone": ("a net has one end", "join it to another, or remove it"),
    "circuit-unfed": ("no supply holds the net of a supply pin", "join it to one, or to outside"),
    "circuit-supply": ("a part's supply is beyond its data sheet", "another supply or part"),
    "circuit-drivers": ("two outputs are joined", "part them"),
    "circuit-input": ("an input can be held beyond its rails", "divide it, or clamp it by diodes"),
    "circuit-level": (
        "an input needs more for high than its driver has",
        "feed the driver with more",
    ),
    "circuit-pull-down": (
        "`run` or `gate` floats while the board does not drive it",
        "pull it down",
    ),
    "circuit-bleed": (
        "the load is not bled while `run` or `gate` is low",
        "see the stage's switches",
    ),
    "circuit-contact": ("a contact is not bled while `run` or `gate` is low", "join it to a row"),
    "circuit-gate": ("an output reaches the load while `run` or `gate` is low", "see the switches"),
    "circuit-direct-current": (
        "nothing blocks direct current",
        "a capacitor in series with the load",
    ),
}
SWEEPS = {
    "sweep-profile": ("there is no such profile", "name one beside the spec"),
    "sweep-program": ("the profile has no such program", "e.g. programs[0].amplitude"),
    "sweep-nothing": ("nothing is varied", "e.g. vary: {programs[0].amplitude: ...}"),
    "sweep-either": ("a list and a range are both given", "keep one of them"),
    "sweep-empty": ("the list is empty", "add a value"),
    "sweep-ends": ("`from` or `to` is missing", "give both"),
    "sweep-no-range": ("the field has no unit, and so no range", "list its values"),
    "sweep-order": ("`from` is not below `to`", "swap them"),
    "sweep-log": ("a log scale begins at 0 or below", "begin above 0"),
    "sweep-count": ("the sample needs a count", "e.g. count: 4096"),
    "sweep-own-count": ("a grid or a list has a count of its own", "leave count out"),
    "sweep-axis-count": ("a count of one field belongs to a grid", "leave it out"),
    "sweep-endless": (
        "a range without a count in a grid, or a range in a list",
        "give it a count, or a list",
    ),
    "sweep-lengths": ("the lists of a `list` differ in length", "give them one length"),
    "sweep-rows": ("the grid has more than 10⁹ rows", "draw some: kind: sobol"),
}
REFUSAL, FAULT = "the device, a refusal", "the device, a fault"
UNKNOWN_CODE = "code-N"  # N is a number that this host has no word for


class Explanation(NamedTuple):
    """One error: `group` is where it comes from; `cause` and `cure` are texts."""

    id: str
    group: str
    cause: str
    cure: str


@lru_cache(maxsize=1)
def rows() -> dict[str, Explanation]:
    """Return every explanation by its id, group after group."""
    tables = {
        "a file": DOCUMENTS,
        "a profile": PROFILES,
        "boards.yaml, a lead": CATALOGUES,
        "the circuit of a stage": CIRCUIT,
        "a sweep": SWEEPS,
    }
    table = [
        Explanation(id_, group, *texts)
        for group, row in tables.items()
        for id_, texts in row.items()
    ]
    for code, kind in sorted(error_texts.ERRORS.items()):
        if code != errors.OK:
            group = FAULT if code >= errors.FAULT_STARVED else REFUSAL
            cure = REMEDIES[code].replace("{first}", "E1").replace("{second}", "E2")
            table.append(Explanation(kind.id, group, kind.text, cure))
    cause = "the device refused with a code that this host does not know"
    table.append(Explanation(UNKNOWN_CODE, REFUSAL, cause, REMEDIES[errors.BAD_VERSION]))
    return {row.id: row for row in table}


def find(id_: str) -> Explanation | None:
    """Return the explanation of an id, or of the name that the device's tables give it."""
    name = id_.strip().strip("[]`").lower().replace("_", "-")
    return rows().get(UNKNOWN_CODE if re.fullmatch(r"code-\d+", name) else name)


def ids(*reasons: Exception) -> list[str]:
    """Return the ids of refused files, refusals of the device and faults, each once."""
    known, names = error_texts.ERRORS, list[str]()
    for reason in reasons:
        codes: list[int] = []
        if isinstance(reason, FileRefused):
            names += [row.id for row in reason.rows]
        elif isinstance(reason, DeviceRefused):
            codes = [row[0] for row in reason.rows]
        elif isinstance(reason, DeviceFault):
            codes = [reason.fault[0]]
        names += [known[at].id if at in known else f"code-{at}" for at in codes]
    return list(dict.fromkeys(names))
