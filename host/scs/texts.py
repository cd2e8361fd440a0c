"""What errors, commands and verdicts mean, in words: for people, so not in a device's memory.

Role: code of stimcore.errors -> sentence; opcode of stimcore.commands -> what the command does;
verdict of stimcore.impedance -> word. Invariant: every one of them has its words.
Next: stimcore/errors.py; refused.py, which makes messages of them.
"""

from stimcore import commands, errors, impedance

ERRORS = {
    errors.OK: "accepted",
    errors.BAD_COMMAND: "no such command",
    errors.BAD_LENGTH: "the command's fields have another length",
    errors.BAD_STATE: "not allowed in this state",
    errors.BAD_SEQUENCE: "this sequence number is not the next one",
    errors.BAD_VERSION: "the device speaks another protocol version",
    errors.STAGE_RANGE: "the piece lies outside the staged program",
    errors.STAGE_CRC: "the staged program arrived damaged",
    errors.BLOB_FORMAT: "the program has another format",
    errors.BLOB_FIELD: "a field of the program is out of its range",
    errors.HASH_MISMATCH: "the hash named is not that of the program loaded",
    errors.SLOT_RANGE: "the store has no slot of that number",
    errors.SLOT_EMPTY: "the slot is empty",
    errors.SLOT_DAMAGED: "what the slot held is damaged",
    errors.STORE_WRITE: "the store did not take what was written; the old is kept",
    errors.AMPLITUDE: "the current is above its ceiling",
    errors.WIDTH: "a first phase is longer than permitted",
    errors.WIDTH_SHORT: "a first phase is shorter than permitted",
    errors.ACTIVE_RUN: "current flows longer without a pause than permitted",
    errors.RATE: "two pulses begin closer together than the highest rate permits",
    errors.PHASE_CHARGE: "the charge of one phase is above what the contact permits",
    errors.DENSITY: "the charge density of one phase is above its ceiling",
    errors.SHANNON: "the phase lies beyond Shannon k = 1.5",
    errors.RUNNING_CHARGE: "the charge not yet recovered grows too large",
    errors.PERIOD_DC: "the net current over a period is above its ceiling",
    errors.NO_DISCHARGE: "a used contact is never discharged in the period",
    errors.NO_ANODE: "current flows with no contact to return it",
    errors.NO_CATHODE: "current flows with no contact to source it",
    errors.OVERLAP: "a contact is switched to source and to return at once",
    errors.SHORT_RECORD: "a record is shorter than the sequencer can shift",
    errors.ACTIVE_NO_END: "the table ends in an active record",
    errors.ACTIVE_FLAG: "the active flag contradicts what the frame drives",
    errors.COMPLIANCE: "the load needs more voltage than the stage has",
    errors.TABLE_LENGTH: "the table of words is too long, empty or odd",
    errors.FRAME_FORMAT: "a frame holds bits the stage does not know",
    errors.PERIOD: "the period is longer than the lowest rate permits",
    errors.IMBALANCE: "active recharge does not return the charge exactly",
    errors.STEP_UP: "the amplitude rises in a larger step than permitted",
    errors.NO_SYNC: "the period is not marked by exactly one SYNC",
    errors.CONTACT_UNKNOWN: "a contact has no known area or is not there",
    errors.PART_DISCHARGE: "a discharge must join exactly the contacts in use",
    errors.LIVE_SWITCH: "contacts are switched while current flows",
    errors.LOAD_ID: "the dummy load's identification resistor reads wrong",
    errors.CEILING: "the amplitude is above the profile's own ceiling",
    errors.NO_PROGRAM: "the group has no program of that number",
    errors.BELOW_CODE: "the amplitude is below one step of the stage",
    errors.STAGE_CONTACTS: "the stage has two fixed contacts: the first and the second",
    errors.SHORT_GAP: "the interphase gap is shorter than the stage can follow",
    errors.SCOPE_DELAY: "the samples asked for begin too long after a period does",
    errors.MEASURE_CONTACTS: "contacts on either side, and none on both",
    errors.LOAD_UNKNOWN: "the load was not measured since the device started",
    errors.LOAD_OLD: "the load was measured too long ago",
    errors.LOAD_OPEN: "no current flows through the load",
    errors.LOAD_SHORT: "the load is shorted",
    errors.LOAD_OHM: "the load has not the declared resistance",
    errors.LOAD_NF: "the load has not the declared capacitance",
    errors.CALIBRATION: "the calibration kept for the sense path is damaged, or of another stage",
    errors.CALIBRATION_RANGE: "no sense path is so wrong",
    errors.DOES_NOT_FIT: "the pulses do not fit into their slot of the period",
    errors.FAULT_STARVED: "the sequencer ran out of words",
    errors.FAULT_SENTINEL: "an active phase outlasted its ceiling",
    errors.FAULT_WATCHDOG: "the main loop stalled and the watchdog reset the device",
    errors.FAULT_STREAM: "the live words differ from the admitted ones",
    errors.FAULT_SENSE: "the measured current is not the commanded one",
    errors.FAULT_OPEN: "almost no current flows: the load is open",
    errors.FAULT_SHORT: "almost no voltage stands across the load: it is shorted",
    errors.FAULT_INTERNAL: "the firmware refused its own next step",
    errors.FAULT_LOAD: "the load no longer shows the voltage of the declared one",
    errors.FAULT_RESIDUAL: "too much voltage is left after the discharge",
    errors.FAULT_COMPLIANCE: "the stage is at its limit of voltage",
    errors.FAULT_SELF_TEST: "the board is not as it should be at boot",
}

COMMANDS = {
    commands.HELLO: (
        "Opens a session and resets the sequence number; names = version,"
        " a space, board name; unique_id = of this very board, its first "
        "byte the highest."
    ),
    commands.STATUS: (
        "What the device is doing; levels = (level_ua, target_ua) as u32 pairs, one per program."
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
        "without one, the first contact to all others); the state is "
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
