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

    @property
    def id(self) -> str:
        """The name as the id of a problem, such as running-charge."""
        return self.name.replace("_", "-")


# code: unit of its value and limit, sentence
_TEXTS = {
    errors.OK: ("", "accepted"),
    errors.BAD_COMMAND: ("", "no such command"),
    errors.BAD_LENGTH: ("bytes", "the command has the wrong length"),
    errors.BAD_STATE: ("", "not allowed in this state"),
    errors.BAD_SEQUENCE: ("", "unexpected sequence number"),
    errors.BAD_VERSION: ("", "the device uses another protocol version"),
    errors.SESSION_OVER: ("", "the session of this key is over: nothing came for 10 s"),
    errors.STAGE_RANGE: ("bytes", "the data exceed the staged program"),
    errors.STAGE_CRC: ("", "the staged program arrived damaged"),
    errors.BLOB_FORMAT: ("", "unknown program format"),
    errors.BLOB_FIELD: ("", "a field of the program is out of range"),
    errors.HASH_MISMATCH: ("", "the hash does not match the loaded program"),
    errors.SLOT_RANGE: ("", "there is no slot of that number"),
    errors.SLOT_EMPTY: ("", "the slot is empty"),
    errors.SLOT_DAMAGED: ("", "the content of the slot is damaged"),
    errors.STORE_WRITE: ("", "writing to the store failed; the previous content is kept"),
    errors.NO_ROLE: ("", "the board is paired, and this needs a key"),
    errors.WRONG_TAG: ("", "the command was not signed with the board's key"),
    errors.WRONG_COUNTER: ("", "a signed command came twice or out of its turn"),
    errors.NO_SESSION: ("", "the board has no session open for this key"),
    errors.SESSION_HELD: ("", "another host has the board"),
    errors.KEY_DAMAGED: ("", "the board's key is damaged"),
    errors.AMPLITUDE: ("nA", "the current is above its ceiling"),
    errors.WIDTH: ("ns", "a first phase is longer than allowed"),
    errors.WIDTH_SHORT: ("ns", "a first phase is shorter than allowed"),
    errors.ACTIVE_RUN: ("ns", "current flows without a pause for longer than allowed"),
    errors.RATE: ("ns", "the interval between two pulses is shorter than the highest rate allows"),
    errors.PHASE_CHARGE: ("pC", "the charge per phase is above the contact's limit"),
    errors.DENSITY: ("nC/cm2", "the charge density per phase is above its ceiling"),
    errors.SHANNON: ("1e-3 uC2/cm2", "the phase exceeds Shannon k = 1.5"),
    errors.RUNNING_CHARGE: ("pC", "the unrecovered charge is too large"),
    errors.PERIOD_DC: ("pA", "the net current over a period is above its ceiling"),
    errors.NO_DISCHARGE: ("ns", "a contact in use is not discharged within the period"),
    errors.NO_ANODE: ("contacts", "a phase drives current but no anode is selected"),
    errors.NO_CATHODE: ("contacts", "a phase drives current but no cathode is selected"),
    errors.OVERLAP: ("mask", "a contact is both cathode and anode"),
    errors.SHORT_RECORD: ("ticks", "a record is shorter than the sequencer allows"),
    errors.ACTIVE_NO_END: ("record", "the table ends in an active record"),
    errors.ACTIVE_FLAG: ("record", "the active flag contradicts the frame"),
    errors.COMPLIANCE: ("mV", "the load needs more than the stage's compliance voltage"),
    errors.TABLE_LENGTH: ("words", "the table of words has an invalid length"),
    errors.FRAME_FORMAT: ("record", "a frame has bits set that the stage does not use"),
    errors.PERIOD: ("ns", "the period is longer than the lowest rate allows"),
    errors.IMBALANCE: ("code ticks", "active recharge does not return the charge exactly"),
    errors.STEP_UP: ("uA", "the amplitude rises by more than the allowed step"),
    errors.NO_SYNC: ("marks", "the period does not have exactly one SYNC mark"),
    errors.CONTACT_UNKNOWN: ("mask", "a contact does not exist or has no known area"),
    errors.PART_DISCHARGE: (
        "mask",
        "a discharge must connect exactly the contacts in use; a soft one, those of its pulse",
    ),
    errors.DISCHARGE_PEAK: ("nA", "the peak current of the passive discharge is too large"),
    errors.BLEED_PEAK: (
        "nA",
        "the unrecovered charge would cause too large a current after a halt",
    ),
    errors.LIVE_SWITCH: ("masks", "contacts are switched while current flows"),
    errors.LOAD_ID: ("ADC codes", "the dummy load's identification resistor has the wrong value"),
    errors.CEILING: ("uA", "the amplitude is above the profile's own ceiling"),
    errors.NO_PROGRAM: ("", "the group has no program of that number"),
    errors.BELOW_CODE: ("nA", "the amplitude is below one step of the stage"),
    errors.STAGE_CONTACTS: ("mask", "the stage has only two contacts, the first and the second"),
    errors.SHORT_GAP: ("ns", "the interphase gap is shorter than the stage allows"),
    errors.SCOPE_DELAY: ("us", "the requested delay after the start of a period is too long"),
    errors.MEASURE_CONTACTS: ("masks", "name contacts on both sides, none of them twice"),
    errors.LOAD_UNKNOWN: ("", "the load has not been measured since the device started"),
    errors.LOAD_OLD: ("ms", "the load was measured too long ago"),
    errors.LOAD_OPEN: ("", "the load is an open circuit"),
    errors.LOAD_SHORT: ("ohm", "the load is shorted"),
    errors.LOAD_OHM: ("ohm", "measured resistance is outside the declared tolerance"),
    errors.LOAD_NF: ("nF", "measured capacitance is outside the declared tolerance"),
    errors.CALIBRATION: (
        "",
        "the stored calibration is damaged or belongs to another stage or board",
    ),
    errors.CALIBRATION_RANGE: ("", "calibration out of range"),
    errors.SHORT_SEGMENT: (
        "ns",
        "a segment is shorter than the stage allows, or the last one too short to balance the"
        " charge exactly",
    ),
    errors.SHAPE_PEAK: (
        "uA",
        "the rounding correction of a segment exceeds the program's amplitude ceiling",
    ),
    errors.STAGE_SPAN: ("uA", "the amplitude is above the stage's maximum"),
    errors.DOES_NOT_FIT: ("ns", "a pulse is longer than the interval to the next one"),
    errors.FAULT_STARVED: ("", "the sequencer ran out of words"),
    errors.FAULT_SENTINEL: ("", "an active phase exceeded its time limit"),
    errors.FAULT_WATCHDOG: ("", "the main loop stalled and the watchdog reset the device"),
    errors.FAULT_STREAM: ("", "the live words differ from the admitted ones"),
    errors.FAULT_SENSE: ("nA", "the measured current differs from the commanded one"),
    errors.FAULT_OPEN: ("nA", "almost no current flows: the load is open"),
    errors.FAULT_SHORT: ("mV", "almost no voltage across the load: it is shorted"),
    errors.FAULT_INTERNAL: ("", "the kernel refused the firmware's next amplitude step"),
    errors.FAULT_LOAD: ("mV", "the load voltage no longer matches the declared load"),
    errors.FAULT_RESIDUAL: ("mV", "the residual voltage after the discharge is too large"),
    errors.FAULT_COMPLIANCE: ("mV", "the stage is at its compliance limit"),
    errors.FAULT_DISCHARGE: ("nA", "the discharge current is larger than admitted"),
    errors.FAULT_SELF_TEST: ("", "the board failed its self-test at boot"),
}
# names that are not the constant's own
_NAMES = {
    errors.BLOB_FIELD: "field",
    errors.PERIOD_DC: "dc",
    errors.FAULT_OPEN: "open_load",
    errors.FAULT_SHORT: "short_load",
    errors.FAULT_COMPLIANCE: "out_of_compliance",
    errors.FAULT_DISCHARGE: "discharge_current",
}
_CONSTANTS = {
    code: name.lower().removeprefix("fault_")
    for name, code in vars(errors).items()
    if name.isupper()
}
ERRORS = {
    code: Kind(_NAMES.get(code, _CONSTANTS[code]), unit, text)
    for code, (unit, text) in _TEXTS.items()
}

COMMANDS = {
    commands.HELLO: (
        "Opens a session and resets the sequence number; paired = 0: no key is kept, 1: one is,"
        " 2: it is damaged; names = version, a space, board name; unique_id = of this board, most"
        " significant byte first."
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
    commands.UNLOAD: "Unloads the program: OFF; ledger and store are unchanged.",
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
    commands.LOG: "A piece of a block of the journal, from an offset in bytes; no block, no piece.",
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
        "The calibration in use; kept = 0: none, 1: good, 2: damaged, 3: of another stage"
        " or board (then it is not used, and ARM is refused). Of the last measurement: the mean"
        " current of its pulses, and the readings of both channels at rest, in 1/16 of an ADC code;"
        " 0: none."
    ),
    commands.PAIR: (
        "Keeps a key of 32 bytes, from when on the board obeys signed commands alone beyond what an"
        " observer may do; without any byte it erases the key."
    ),
    commands.OPEN: (
        "Offers a session in a role (1: operator, 2: programmer) and its host's nonce, 16 bytes;"
        " replies with the board's. Its first signed command proves it; refused while a host has"
        " one. Signed itself, it gives the present session up."
    ),
    commands.SIGNED: (
        "Carries out a command that a session's key signed: signed = its fields, then the tag of 16"
        " bytes; reply = that of the command."
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
