"""Remedies of refusals and faults, by code.

Role: code of stimcore.errors -> what to change, with an example that works where there is one.
Invariant: every code but OK has a remedy of its own kind. Requirements: REQ-60, REQ-61.
"""

from __future__ import annotations

from stimcore import errors, limits

_OTHER_LOAD = "connect the declared dummy load, or choose another board row with --load"
_SMALLER = (
    "recharge after each pulse or actively, leave more time between bursts, or make the pulses"
    " narrower"
)
_OTHER_FIRMWARE = "host and firmware do not belong together: flash it anew (scs flash)"
_PRESS = "press BOOTSEL within 5 s of power-on and hold it for 3 s"
_LOST = f"a lost one is erased at the board: {_PRESS}"
_AGAIN = "load the profile again; if it comes again, look at the cable"
_CURRENT = "lower the amplitude or the pulse width, or share the current with larger contacts"


def of_the_words(fault: str) -> str:
    """Return the remedy where the compiled words are wrong, not the values of a profile."""
    return f"report it with the profile: {fault}, which is a fault of the firmware, not of a value"


REMEDIES = {
    # the link and the state table
    errors.BAD_COMMAND: _OTHER_FIRMWARE,
    errors.BAD_LENGTH: _OTHER_FIRMWARE,
    errors.BAD_STATE: "see its state with `scs status`",
    errors.BAD_SEQUENCE: "open it again: it was restarted, or another program opened it",
    errors.BAD_VERSION: _OTHER_FIRMWARE,
    errors.SESSION_OVER: "open it again",
    # loading a program
    errors.STAGE_RANGE: _AGAIN,
    errors.STAGE_CRC: _AGAIN,
    errors.BLOB_FORMAT: f"{_OTHER_FIRMWARE}; a program stored by another version is saved again",
    errors.BLOB_FIELD: "write a value within its limit",
    errors.HASH_MISMATCH: "another program was loaded in between; load it again",
    # the store
    errors.SLOT_RANGE: f"the slots are 1 to {limits.GROUP_SLOTS}",
    errors.SLOT_EMPTY: "`scs store list` shows the slots in use",
    errors.SLOT_DAMAGED: "save a program there, or erase it (scs store erase)",
    errors.STORE_WRITE: "the flash is full or worn out: erase another slot, or replace the board",
    # who may do what
    errors.NO_ROLE: f"take its key in with `scs pair --import FILE`; {_LOST}",
    errors.WRONG_TAG: f"take the present key in with `scs pair --import FILE`; {_LOST}",
    errors.WRONG_COUNTER: "open it again; if it comes again, somebody else writes to the port",
    errors.NO_SESSION: "open it again; `scs status` tells whether it is paired",
    errors.SESSION_HELD: "end the other one, or wait; STOP and HALT work without a key",
    errors.KEY_DAMAGED: f"erase it at the board: {_PRESS}",
    # the kernel: current, width, rate
    errors.AMPLITUDE: "lower the amplitude",
    errors.STEP_UP: "let the amplitude rise over a ramp, e.g. ramp: {up: 2 s}",
    errors.CEILING: "lower the amplitude, or load a profile with a higher ceiling",
    errors.COMPLIANCE: "lower the amplitude, or connect and declare a smaller load with --load",
    errors.WIDTH: "make the first phase narrower",
    errors.WIDTH_SHORT: "make the first phase wider",
    errors.ACTIVE_RUN: (
        "make the pulse narrower or its recharge shorter, e.g. recharge: {active: {ratio: 1}}"
    ),
    errors.RATE: (
        "lower the rate, or the intra_rate of a burst; a phase of a shape that drives charge away"
        " from zero counts as a pulse: make the ones before it longer"
    ),
    errors.PERIOD: "choose rates with a common period of 1 s at most, e.g. 40 Hz and 80 Hz",
    # the kernel: charge
    errors.PHASE_CHARGE: _CURRENT,
    errors.DENSITY: _CURRENT,
    errors.SHANNON: _CURRENT,
    errors.RUNNING_CHARGE: (
        "recover it after each pulse (recharge: active, or passive without after: burst), or"
        " lower the amplitude"
    ),
    errors.PERIOD_DC: (
        "use active recharge (recharge: active), or leave more time for the discharge with a"
        " lower rate or a narrower pulse"
    ),
    errors.NO_DISCHARGE: "leave time for it: a lower rate, a narrower pulse or a lower ratio",
    errors.DISCHARGE_PEAK: _SMALLER,
    errors.BLEED_PEAK: _SMALLER,
    # the kernel: contacts
    errors.NO_ANODE: "name an anode, e.g. anodes: [E4]",
    errors.NO_CATHODE: "name a cathode, e.g. cathodes: [E3]",
    errors.OVERLAP: "name each contact on one side only, e.g. cathodes: [E3], anodes: [E4]",
    errors.CONTACT_UNKNOWN: "use contacts of the lead that the stage has; `scs wiring` shows them",
    # the kernel: the words themselves
    errors.SHORT_RECORD: "make the shortest phase, gap or segment longer, e.g. 30 us",
    errors.ACTIVE_NO_END: of_the_words("the period ends while current flows"),
    errors.ACTIVE_FLAG: of_the_words("a record is not marked as what it does"),
    errors.FRAME_FORMAT: of_the_words("a frame of a record is not one of the stage"),
    errors.IMBALANCE: of_the_words("its recharge was compiled inexactly"),
    errors.NO_SYNC: of_the_words("the period was compiled without its mark"),
    errors.PART_DISCHARGE: of_the_words("a discharge was compiled for other contacts"),
    errors.LIVE_SWITCH: of_the_words("no pause was compiled between two sets of contacts"),
    errors.TABLE_LENGTH: (
        "have fewer pulses in a period: rates with a shorter common period, e.g. 40 Hz and 80 Hz"
        " (25 ms), not 40 Hz and 90 Hz (100 ms), fewer programs, fewer pulses a burst, or fewer in"
        " a dither or an interleave"
    ),
    # the compiler
    errors.BELOW_CODE: "raise the amplitude",
    errors.STAGE_SPAN: "lower the amplitude, or choose another --stage",
    errors.SHAPE_PEAK: "give the program a higher ceiling, or a higher amplitude",
    errors.DOES_NOT_FIT: (
        "lower the rate, or make the pulse shorter, e.g. recharge: {active: {ratio: 1}}"
    ),
    errors.STAGE_CONTACTS: (
        "e.g. cathodes: [{first}], anodes: [{second}], or choose another --stage"
    ),
    errors.SHORT_GAP: "leave the gap out, or make it longer",
    errors.SHORT_SEGMENT: "make the segment longer",
    errors.NO_PROGRAM: "programs count from 1; `scs status` shows them",
    # the load and its measurement
    errors.SCOPE_DELAY: "ask for a shorter delay, within a period",
    errors.MEASURE_CONTACTS: "e.g. --from E1 --to E2",
    errors.LOAD_ID: _OTHER_LOAD,
    errors.LOAD_UNKNOWN: "measure it first (scs impedance; Stimulator.arm() does so by itself)",
    errors.LOAD_OLD: (
        "measure it again (scs impedance; Stimulator.arm() does so by itself); if armed, stop first"
    ),
    errors.LOAD_OPEN: "look for a broken wire between stage and dummy load",
    errors.LOAD_SHORT: "look for a short across the dummy load, or a bare wire in its place",
    errors.LOAD_OHM: _OTHER_LOAD,
    errors.LOAD_NF: _OTHER_LOAD,
    errors.CALIBRATION: "run `scs calibrate`, or remove it with `scs calibrate --reset`",
    errors.CALIBRATION_RANGE: "check the load and the stage; the calibration is unchanged",
    # latched faults
    errors.FAULT_STARVED: "clear it and run again; if it comes again, report it with the profile",
    errors.FAULT_SENTINEL: "the output was switched off; look at the board's clock and report it",
    errors.FAULT_WATCHDOG: "the output was switched off; report this with the firmware's version",
    errors.FAULT_STREAM: "a word changed in memory; restart the board and load the profile again",
    errors.FAULT_SENSE: "look at the stage's supply and wiring; `scs calibrate` checks the sensing",
    errors.FAULT_OPEN: "look for a broken wire between stage and dummy load",
    errors.FAULT_SHORT: "look for a short across the dummy load",
    errors.FAULT_INTERNAL: "nothing above the limits flowed; report it with the profile",
    errors.FAULT_SELF_TEST: "look at the wiring of the stage (scs wiring), then restart the board",
    errors.FAULT_LOAD: "look for a loose wire; `scs impedance` measures the dummy load again",
    errors.FAULT_RESIDUAL: "look at the switches that discharge the load",
    errors.FAULT_COMPLIANCE: "the load is above the declared one; `scs impedance` measures it",
    errors.FAULT_DISCHARGE: "look at R28 and at the switches that discharge the load",
}
