"""What errors, commands and verdicts mean, in words: for people, so not in a device's memory.

Role: code of stimcore.errors -> name, unit, sentence; opcode of stimcore.commands -> what it does;
verdict of stimcore.impedance -> word. Invariant: every one of them has its words.
"""

from typing import NamedTuple

from stimcore import commands, errors, impedance, program


class Kind(NamedTuple):
    """What the host calls an error, in what unit its value and limit are, and what it means."""

    name: str
    unit: str
    text: str


ERRORS = {
    errors.OK: Kind("ok", "", "accepted"),
    errors.BAD_COMMAND: Kind("bad_command", "", "no such command"),
    errors.BAD_LENGTH: Kind("bad_length", "bytes", "the command's fields have another length"),
    errors.BAD_STATE: Kind("bad_state", "", "not allowed in this state"),
    errors.BAD_SEQUENCE: Kind("bad_sequence", "", "this sequence number is not the next one"),
    errors.BAD_VERSION: Kind("bad_version", "", "the device speaks another protocol version"),
    errors.STAGE_RANGE: Kind("stage_range", "bytes", "the piece lies outside the staged program"),
    errors.STAGE_CRC: Kind("stage_crc", "", "the staged program arrived damaged"),
    errors.BLOB_FORMAT: Kind("blob_format", "", "the program has another format"),
    errors.BLOB_FIELD: Kind("field", "", "a field of the program is out of its range"),
    errors.HASH_MISMATCH: Kind(
        "hash_mismatch", "", "the hash named is not that of the program loaded"
    ),
    errors.SLOT_RANGE: Kind("slot_range", "", "the store has no slot of that number"),
    errors.SLOT_EMPTY: Kind("slot_empty", "", "the slot is empty"),
    errors.SLOT_DAMAGED: Kind("slot_damaged", "", "what the slot held is damaged"),
    errors.STORE_WRITE: Kind(
        "store_write", "", "the store did not take what was written; the old is kept"
    ),
    errors.AMPLITUDE: Kind("amplitude", "nA", "the current is above its ceiling"),
    errors.WIDTH: Kind("width", "ns", "a first phase is longer than permitted"),
    errors.WIDTH_SHORT: Kind("width_short", "ns", "a first phase is shorter than permitted"),
    errors.ACTIVE_RUN: Kind(
        "active_run", "ns", "current flows longer without a pause than permitted"
    ),
    errors.RATE: Kind(
        "rate", "ns", "two pulses begin closer together than the highest rate permits"
    ),
    errors.PHASE_CHARGE: Kind(
        "phase_charge", "pC", "the charge of one phase is above what the contact permits"
    ),
    errors.DENSITY: Kind(
        "density", "nC/cm2", "the charge density of one phase is above its ceiling"
    ),
    errors.SHANNON: Kind("shannon", "1e-3 uC2/cm2", "the phase lies beyond Shannon k = 1.5"),
    errors.RUNNING_CHARGE: Kind(
        "running_charge", "pC", "the charge not yet recovered grows too large"
    ),
    errors.PERIOD_DC: Kind("dc", "pA", "the net current over a period is above its ceiling"),
    errors.NO_DISCHARGE: Kind(
        "no_discharge", "ns", "a used contact is never discharged in the period"
    ),
    errors.NO_ANODE: Kind("no_anode", "contacts", "current flows with no contact to return it"),
    errors.NO_CATHODE: Kind("no_cathode", "contacts", "current flows with no contact to source it"),
    errors.OVERLAP: Kind(
        "overlap", "mask", "a contact is switched to source and to return at once"
    ),
    errors.SHORT_RECORD: Kind(
        "short_record", "ticks", "a record is shorter than the sequencer can shift"
    ),
    errors.ACTIVE_NO_END: Kind("active_no_end", "record", "the table ends in an active record"),
    errors.ACTIVE_FLAG: Kind(
        "active_flag", "record", "the active flag contradicts what the frame drives"
    ),
    errors.COMPLIANCE: Kind("compliance", "mV", "the load needs more voltage than the stage has"),
    errors.TABLE_LENGTH: Kind(
        "table_length", "words", "the table of words is too long, empty or odd"
    ),
    errors.FRAME_FORMAT: Kind(
        "frame_format", "record", "a frame holds bits the stage does not know"
    ),
    errors.PERIOD: Kind("period", "ns", "the period is longer than the lowest rate permits"),
    errors.IMBALANCE: Kind(
        "imbalance", "code ticks", "active recharge does not return the charge exactly"
    ),
    errors.STEP_UP: Kind("step_up", "uA", "the amplitude rises in a larger step than permitted"),
    errors.NO_SYNC: Kind("no_sync", "marks", "the period is not marked by exactly one SYNC"),
    errors.CONTACT_UNKNOWN: Kind(
        "contact_unknown", "mask", "a contact has no known area or is not there"
    ),
    errors.PART_DISCHARGE: Kind(
        "part_discharge",
        "mask",
        "a discharge must join exactly the contacts in use, or softly those of its pulse",
    ),
    errors.DISCHARGE_PEAK: Kind(
        "discharge_peak", "nA", "the passive discharge begins with too large a current"
    ),
    errors.BLEED_PEAK: Kind(
        "bleed_peak", "nA", "the charge not yet recovered would make too large a current at a halt"
    ),
    errors.LIVE_SWITCH: Kind("live_switch", "masks", "contacts are switched while current flows"),
    errors.LOAD_ID: Kind(
        "load_id", "ADC codes", "the dummy load's identification resistor reads wrong"
    ),
    errors.CEILING: Kind("ceiling", "uA", "the amplitude is above the profile's own ceiling"),
    errors.NO_PROGRAM: Kind("no_program", "", "the group has no program of that number"),
    errors.BELOW_CODE: Kind("below_code", "nA", "the amplitude is below one step of the stage"),
    errors.STAGE_CONTACTS: Kind(
        "stage_contacts", "mask", "the stage has two fixed contacts: the first and the second"
    ),
    errors.SHORT_GAP: Kind(
        "short_gap", "ns", "the interphase gap is shorter than the stage can follow"
    ),
    errors.SCOPE_DELAY: Kind(
        "scope_delay", "us", "the samples asked for begin too long after a period does"
    ),
    errors.MEASURE_CONTACTS: Kind(
        "measure_contacts", "masks", "contacts on either side, and none on both"
    ),
    errors.LOAD_UNKNOWN: Kind(
        "load_unknown", "", "the load was not measured since the device started"
    ),
    errors.LOAD_OLD: Kind("load_old", "ms", "the load was measured too long ago"),
    errors.LOAD_OPEN: Kind("load_open", "", "no current flows through the load"),
    errors.LOAD_SHORT: Kind("load_short", "ohm", "the load is shorted"),
    errors.LOAD_OHM: Kind("load_ohm", "ohm", "the load has not the declared resistance"),
    errors.LOAD_NF: Kind("load_nf", "nF", "the load has not the declared capacitance"),
    errors.CALIBRATION: Kind(
        "calibration", "", "the calibration kept for the sense path is damaged, or of another stage"
    ),
    errors.CALIBRATION_RANGE: Kind("calibration_range", "", "no sense path is so wrong"),
    errors.SHORT_SEGMENT: Kind(
        "short_segment",
        "ns",
        "a segment is shorter than the stage can follow, or the last one shorter than it takes to"
        " bring the charge to zero exactly",
    ),
    errors.SHAPE_PEAK: Kind(
        "shape_peak", "uA", "a segment that makes up for rounding goes above its program's ceiling"
    ),
    errors.STAGE_SPAN: Kind("stage_span", "uA", "the amplitude is above what the stage can make"),
    errors.DOES_NOT_FIT: Kind(
        "does_not_fit", "ns", "a pulse does not fit into the time until the next one"
    ),
    errors.FAULT_STARVED: Kind("starved", "", "the sequencer ran out of words"),
    errors.FAULT_SENTINEL: Kind("sentinel", "", "an active phase outlasted its ceiling"),
    errors.FAULT_WATCHDOG: Kind(
        "watchdog", "", "the main loop stalled and the watchdog reset the device"
    ),
    errors.FAULT_STREAM: Kind("stream", "", "the live words differ from the admitted ones"),
    errors.FAULT_SENSE: Kind("sense", "nA", "the measured current is not the commanded one"),
    errors.FAULT_OPEN: Kind("open_load", "nA", "almost no current flows: the load is open"),
    errors.FAULT_SHORT: Kind(
        "short_load", "mV", "almost no voltage stands across the load: it is shorted"
    ),
    errors.FAULT_INTERNAL: Kind("internal", "", "the firmware refused its own next step"),
    errors.FAULT_LOAD: Kind(
        "load", "mV", "the load no longer shows the voltage of the declared one"
    ),
    errors.FAULT_RESIDUAL: Kind("residual", "mV", "too much voltage is left after the discharge"),
    errors.FAULT_COMPLIANCE: Kind(
        "out_of_compliance", "mV", "the stage is at its limit of voltage"
    ),
    errors.FAULT_DISCHARGE: Kind(
        "discharge_current", "nA", "a discharge makes more current than the admitted words may"
    ),
    errors.FAULT_SELF_TEST: Kind("self_test", "", "the board is not as it should be at boot"),
}

COMMANDS = {
    commands.HELLO: (
        "Opens a session and resets the sequence number; names = version,"
        " a space, board name; unique_id = of this very board, its first "
        "byte the highest."
    ),
    commands.STATUS: (
        "What the device is doing; hash = of the loaded program, 0: none is; levels = (level_ua, "
        "target_ua) as u32 pairs, one per program."
    ),
    commands.STAGE_BEGIN: (
        "Announces a program of so many bytes and its CRC-32; what was staged before is dropped."
    ),
    commands.STAGE_DATA: "The next piece of it, in order.",
    commands.COMMIT: (
        "Validates the whole program; answers with its hash and the device's own safety figures."
    ),
    commands.ARM: (
        "Names the program to be run; refused unless the dummy load identifies itself, and was"
        " measured within the last minute to be the declared one."
    ),
    commands.START: "Closes the gate and starts the train, softly.",
    commands.STOP: "Ramps down and ends on a whole period; at once where nothing runs.",
    commands.HALT: "Drops the gate at once, from every state, with no permission.",
    commands.AMPLITUDE: (
        "A new amplitude for one program; while running it is approached in permitted steps."
    ),
    commands.LEDGER: (
        "What was delivered since the last START; charge = per contact (driven_pc, net_pc) i64."
    ),
    commands.CLEAR_FAULT: ("Leaves a latched fault for OFF; the program must be staged again."),
    commands.FIGURES: "The safety figures of the loaded program again.",
    commands.MAINTENANCE: (
        "Restarts the board to MicroPython's own prompt, to be flashed; a reset comes back."
    ),
    commands.UNLOAD: (
        "Forgets the loaded program and leaves for OFF; ledger and store stay as they are."
    ),
    commands.SAVE: "Keeps the loaded program in a slot of the store, as it was committed.",
    commands.RECALL: (
        "Loads the program of a slot, validated whole again: the reply is that of COMMIT."
    ),
    commands.SLOTS: (
        "What the store holds; slots = (slot u8, damaged u8, length u16, "
        "hash u32) for each slot in use; damaged = one of its halves is, "
        "and with length 0 both."
    ),
    commands.ERASE: "Empties a slot.",
    commands.SCOPE_ARM: ("Asks for the samples that begin so long after the start of a period."),
    commands.SCOPE_READ: (
        "A piece of them, from a byte on; ready = 1 once they are "
        "whole; begins_us = from the start of the period to the "
        "first current; crc = of the words that flowed. Pairs of u16"
        " ADC codes, current and voltage, 8 us apart, a voltage 4 us"
        " after its current."
    ),
    commands.WORDS: (
        "A piece, from a byte on, of the words that are being streamed, and their CRC-32."
    ),
    commands.MEASURE: (
        "Measures the load with test pulses of 0.5 mA, between contacts"
        " of two masks (both 0: as the loaded program uses them; "
        "without one, the first, third, … to the second, fourth, …); the state is "
        "MEASURING until it is done."
    ),
    commands.IMPEDANCE: (
        "What the last measurement found; measured = 0: there is none"
        " since the start or a fault; contacts = (contact u8, verdict"
        " u8, ohm u32, nanofarad u32; 0: none) for each."
    ),
    commands.CALIBRATE: (
        "Keeps a calibration of the sense path in the store and uses it from now on; offsets are"
        " what a channel reads above its zero, in 1/16 of an ADC code, ppm what a code is worth"
        " more than declared. What was measured of the load counts no more."
    ),
    commands.CALIBRATION: (
        "The calibration in use; kept = 0: none is, 1: good, 2: damaged, 3: of another stage (then"
        " it is not used, and ARM is refused). Of the last measurement: the mean current of its"
        " pulses, and what both channels read at rest, in 1/16 of an ADC code; 0: there is none."
    ),
}

VERDICTS = {
    impedance.GOOD: "good",
    impedance.OPEN: "open",
    impedance.SHORT: "short",
    impedance.WRONG_OHM: "wrong resistance",
    impedance.WRONG_NF: "wrong capacitance",
}


def field_name(index: int) -> tuple[int, str]:
    """(program number or -1 for the header, field name) of the index in a BLOB_FIELD refusal."""
    if program.AREAS_INDEX <= index < 100:
        return (-1, "areas_um2")
    if index < 100:
        return (-1, program.HEADER[index][0])
    if index % 100 >= program.SEGMENTS_INDEX:
        return (index // 100 - 1, "segments")
    return (index // 100 - 1, program.PROGRAM[index % 100][0])
