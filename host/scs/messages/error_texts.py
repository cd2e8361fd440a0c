"""Texts for error codes, commands and verdicts; host only, so the device needs no memory for them.

Role: code of stimcore.errors -> name, unit, sentence; opcode of stimcore.commands -> description;
verdict of stimcore.impedance -> word. Invariant: every code, opcode and verdict has an entry.
"""

from typing import NamedTuple

from stimcore import commands, errors, impedance, program


class Kind(NamedTuple):
    """Name of an error, unit of its value and limit, and the sentence that explains it."""

    name: str
    unit: str
    text: str


ERRORS = {
    errors.OK: Kind("ok", "", "accepted"),
    errors.BAD_COMMAND: Kind("bad_command", "", "no such command"),
    errors.BAD_LENGTH: Kind("bad_length", "bytes", "the command has the wrong length"),
    errors.BAD_STATE: Kind("bad_state", "", "not allowed in this state"),
    errors.BAD_SEQUENCE: Kind("bad_sequence", "", "unexpected sequence number"),
    errors.BAD_VERSION: Kind("bad_version", "", "the device uses another protocol version"),
    errors.STAGE_RANGE: Kind("stage_range", "bytes", "the data exceed the staged program"),
    errors.STAGE_CRC: Kind("stage_crc", "", "the staged program arrived damaged"),
    errors.BLOB_FORMAT: Kind("blob_format", "", "unknown program format"),
    errors.BLOB_FIELD: Kind("field", "", "a field of the program is out of range"),
    errors.HASH_MISMATCH: Kind("hash_mismatch", "", "the hash does not match the loaded program"),
    errors.SLOT_RANGE: Kind("slot_range", "", "there is no slot of that number"),
    errors.SLOT_EMPTY: Kind("slot_empty", "", "the slot is empty"),
    errors.SLOT_DAMAGED: Kind("slot_damaged", "", "the content of the slot is damaged"),
    errors.STORE_WRITE: Kind(
        "store_write", "", "writing to the store failed; the previous content is kept"
    ),
    errors.AMPLITUDE: Kind("amplitude", "nA", "the current is above its ceiling"),
    errors.WIDTH: Kind("width", "ns", "a first phase is longer than allowed"),
    errors.WIDTH_SHORT: Kind("width_short", "ns", "a first phase is shorter than allowed"),
    errors.ACTIVE_RUN: Kind(
        "active_run", "ns", "current flows without a pause for longer than allowed"
    ),
    errors.RATE: Kind(
        "rate", "ns", "the interval between two pulses is shorter than the highest rate allows"
    ),
    errors.PHASE_CHARGE: Kind(
        "phase_charge", "pC", "the charge per phase is above the contact's limit"
    ),
    errors.DENSITY: Kind("density", "nC/cm2", "the charge density per phase is above its ceiling"),
    errors.SHANNON: Kind("shannon", "1e-3 uC2/cm2", "the phase exceeds Shannon k = 1.5"),
    errors.RUNNING_CHARGE: Kind("running_charge", "pC", "the unrecovered charge is too large"),
    errors.PERIOD_DC: Kind("dc", "pA", "the net current over a period is above its ceiling"),
    errors.NO_DISCHARGE: Kind(
        "no_discharge", "ns", "a contact in use is not discharged within the period"
    ),
    errors.NO_ANODE: Kind(
        "no_anode", "contacts", "a phase drives current but no anode is selected"
    ),
    errors.NO_CATHODE: Kind(
        "no_cathode", "contacts", "a phase drives current but no cathode is selected"
    ),
    errors.OVERLAP: Kind("overlap", "mask", "a contact is both cathode and anode"),
    errors.SHORT_RECORD: Kind(
        "short_record", "ticks", "a record is shorter than the sequencer allows"
    ),
    errors.ACTIVE_NO_END: Kind("active_no_end", "record", "the table ends in an active record"),
    errors.ACTIVE_FLAG: Kind("active_flag", "record", "the active flag contradicts the frame"),
    errors.COMPLIANCE: Kind(
        "compliance", "mV", "the load needs more than the stage's compliance voltage"
    ),
    errors.TABLE_LENGTH: Kind(
        "table_length", "words", "invalid table length: too long, empty or odd"
    ),
    errors.FRAME_FORMAT: Kind(
        "frame_format", "record", "a frame has bits set that the stage does not use"
    ),
    errors.PERIOD: Kind("period", "ns", "the period is longer than the lowest rate allows"),
    errors.IMBALANCE: Kind(
        "imbalance", "code ticks", "active recharge does not return the charge exactly"
    ),
    errors.STEP_UP: Kind("step_up", "uA", "the amplitude rises by more than the allowed step"),
    errors.NO_SYNC: Kind("no_sync", "marks", "the period does not have exactly one SYNC mark"),
    errors.CONTACT_UNKNOWN: Kind(
        "contact_unknown", "mask", "a contact does not exist or has no known area"
    ),
    errors.PART_DISCHARGE: Kind(
        "part_discharge",
        "mask",
        "a discharge must connect exactly the contacts in use; a soft one, those of its pulse",
    ),
    errors.DISCHARGE_PEAK: Kind(
        "discharge_peak", "nA", "the peak current of the passive discharge is too large"
    ),
    errors.BLEED_PEAK: Kind(
        "bleed_peak", "nA", "the unrecovered charge would cause too large a current after a halt"
    ),
    errors.LIVE_SWITCH: Kind("live_switch", "masks", "contacts are switched while current flows"),
    errors.LOAD_ID: Kind(
        "load_id", "ADC codes", "the dummy load's identification resistor has the wrong value"
    ),
    errors.CEILING: Kind("ceiling", "uA", "the amplitude is above the profile's own ceiling"),
    errors.NO_PROGRAM: Kind("no_program", "", "the group has no program of that number"),
    errors.BELOW_CODE: Kind("below_code", "nA", "the amplitude is below one step of the stage"),
    errors.STAGE_CONTACTS: Kind(
        "stage_contacts", "mask", "the stage has only two contacts, the first and the second"
    ),
    errors.SHORT_GAP: Kind(
        "short_gap", "ns", "the interphase gap is shorter than the stage allows"
    ),
    errors.SCOPE_DELAY: Kind(
        "scope_delay", "us", "the requested delay after the start of a period is too long"
    ),
    errors.MEASURE_CONTACTS: Kind(
        "measure_contacts", "masks", "name contacts on both sides, none of them twice"
    ),
    errors.LOAD_UNKNOWN: Kind(
        "load_unknown", "", "the load has not been measured since the device started"
    ),
    errors.LOAD_OLD: Kind("load_old", "ms", "the load was measured too long ago"),
    errors.LOAD_OPEN: Kind("load_open", "", "the load is an open circuit"),
    errors.LOAD_SHORT: Kind("load_short", "ohm", "the load is shorted"),
    errors.LOAD_OHM: Kind(
        "load_ohm", "ohm", "measured resistance is outside the declared tolerance"
    ),
    errors.LOAD_NF: Kind("load_nf", "nF", "measured capacitance is outside the declared tolerance"),
    errors.CALIBRATION: Kind(
        "calibration", "", "the stored calibration is damaged or belongs to another stage"
    ),
    errors.CALIBRATION_RANGE: Kind("calibration_range", "", "calibration out of range"),
    errors.SHORT_SEGMENT: Kind(
        "short_segment",
        "ns",
        "a segment is shorter than the stage allows, or the last one too short to balance the"
        " charge exactly",
    ),
    errors.SHAPE_PEAK: Kind(
        "shape_peak",
        "uA",
        "the rounding correction of a segment exceeds the program's amplitude ceiling",
    ),
    errors.STAGE_SPAN: Kind("stage_span", "uA", "the amplitude is above the stage's maximum"),
    errors.DOES_NOT_FIT: Kind(
        "does_not_fit", "ns", "a pulse is longer than the interval to the next one"
    ),
    errors.FAULT_STARVED: Kind("starved", "", "the sequencer ran out of words"),
    errors.FAULT_SENTINEL: Kind("sentinel", "", "an active phase exceeded its time limit"),
    errors.FAULT_WATCHDOG: Kind(
        "watchdog", "", "the main loop stalled and the watchdog reset the device"
    ),
    errors.FAULT_STREAM: Kind("stream", "", "the live words differ from the admitted ones"),
    errors.FAULT_SENSE: Kind("sense", "nA", "the measured current differs from the commanded one"),
    errors.FAULT_OPEN: Kind("open_load", "nA", "almost no current flows: the load is open"),
    errors.FAULT_SHORT: Kind(
        "short_load", "mV", "almost no voltage across the load: it is shorted"
    ),
    errors.FAULT_INTERNAL: Kind(
        "internal", "", "the kernel refused the firmware's next amplitude step"
    ),
    errors.FAULT_LOAD: Kind("load", "mV", "the load voltage no longer matches the declared load"),
    errors.FAULT_RESIDUAL: Kind(
        "residual", "mV", "the residual voltage after the discharge is too large"
    ),
    errors.FAULT_COMPLIANCE: Kind(
        "out_of_compliance", "mV", "the stage is at its compliance limit"
    ),
    errors.FAULT_DISCHARGE: Kind(
        "discharge_current", "nA", "the discharge current is larger than admitted"
    ),
    errors.FAULT_SELF_TEST: Kind("self_test", "", "the board failed its self-test at boot"),
}

COMMANDS = {
    commands.HELLO: (
        "Opens a session and resets the sequence number; names = version,"
        " a space, board name; unique_id = of this board, most significant byte first."
    ),
    commands.STATUS: (
        "Status of the device; hash = of the loaded program, 0: none; levels = (level_ua, "
        "target_ua) as u32 pairs, one per program."
    ),
    commands.STAGE_BEGIN: (
        "Announces a program by its length and CRC-32; data staged before are dropped."
    ),
    commands.STAGE_DATA: "The next piece of the staged program, in order.",
    commands.COMMIT: (
        "Validates the whole program; replies with its hash and the device's safety figures."
    ),
    commands.ARM: (
        "Arms the program of that hash; refused unless the dummy load is identified, and was"
        " measured within the last minute to be the declared one."
    ),
    commands.START: "Closes the gate and starts the output with a ramp.",
    commands.STOP: "Ramps down and ends on a whole period; at once if nothing runs.",
    commands.HALT: "Drops the gate at once, from every state.",
    commands.AMPLITUDE: (
        "Sets the amplitude of one program; while running, it is approached in allowed steps."
    ),
    commands.LEDGER: (
        "Delivery since the last START; charge = per contact (driven_pc, net_pc) i64."
    ),
    commands.CLEAR_FAULT: "Clears a latched fault: OFF; the program must be staged again.",
    commands.FIGURES: "The safety figures of the loaded program, as in COMMIT.",
    commands.MAINTENANCE: (
        "Restarts the board to MicroPython's prompt for flashing; a reset returns to the firmware."
    ),
    commands.UNLOAD: ("Unloads the program: OFF; ledger and store are unchanged."),
    commands.SAVE: "Saves the loaded program, as it was committed, in a slot of the store.",
    commands.RECALL: (
        "Loads the program of a slot and validates it as a whole; replies as COMMIT."
    ),
    commands.SLOTS: (
        "Content of the store; slots = (slot u8, damaged u8, length u16, "
        "hash u32) for each slot in use; damaged = one of its two copies is, "
        "with length 0 both."
    ),
    commands.ERASE: "Empties a slot.",
    commands.SCOPE_ARM: "Requests samples that begin at this delay after the start of a period.",
    commands.SCOPE_READ: (
        "A piece of the samples, from an offset in bytes; ready = 1 once they are "
        "complete; begins_us = from the start of the period to the "
        "first current sample; crc = of the words played. Pairs of u16"
        " ADC codes, current and voltage, 8 us apart, each voltage 4 us"
        " after its current."
    ),
    commands.WORDS: (
        "A piece, from an offset in bytes, of the words being streamed, and their CRC-32."
    ),
    commands.MEASURE: (
        "Measures the load with test pulses of 0.5 mA, between contacts"
        " of two masks (both 0: as the loaded program uses them; "
        "without one, the first, third, … to the second, fourth, …); the state is "
        "MEASURING until it is done."
    ),
    commands.IMPEDANCE: (
        "Result of the last measurement; measured = 0: none"
        " since the start or a fault; contacts = (contact u8, verdict"
        " u8, ohm u32, nanofarad u32; 0: none) for each."
    ),
    commands.CALIBRATE: (
        "Stores a calibration of the sense path and applies it; offsets = reading at zero above"
        " the zero code, in 1/16 of an ADC code; ppm = deviation of a code's value from the"
        " declared one. The last impedance measurement is discarded."
    ),
    commands.CALIBRATION: (
        "The calibration in use; kept = 0: none, 1: good, 2: damaged, 3: of another stage (then"
        " it is not used, and ARM is refused). Of the last measurement: the mean current of its"
        " pulses, and the readings of both channels at rest, in 1/16 of an ADC code; 0: none."
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
    """Return (program number or -1 for the header, field name) for a BLOB_FIELD index."""
    if program.AREAS_INDEX <= index < 100:
        return (-1, "areas_um2")
    if index < 100:
        return (-1, program.HEADER[index][0])
    if index % 100 >= program.SEGMENTS_INDEX:
        return (index // 100 - 1, "segments")
    return (index // 100 - 1, program.PROGRAM[index % 100][0])
