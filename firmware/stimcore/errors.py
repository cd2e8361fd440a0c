"""Every refusal and fault: one table for the wire, the device and the host's messages.

Role: code -> (name, unit of value and limit, sentence). A refusal carries (code, index, value,
limit); the host adds the place in the profile and an example.
Invariant: a code is never reused. Next: kernel.py and program.py, which raise most of them.
"""

OK = 0
# the link and the state table
BAD_COMMAND = 1
BAD_LENGTH = 2
BAD_STATE = 3
BAD_SEQUENCE = 4
BAD_VERSION = 5
# staging
STAGE_RANGE = 10
STAGE_CRC = 11
BLOB_FORMAT = 12
BLOB_FIELD = 13
HASH_MISMATCH = 14
# the store
SLOT_RANGE = 20
SLOT_EMPTY = 21
SLOT_DAMAGED = 22
STORE_WRITE = 23
# the kernel
AMPLITUDE = 30
WIDTH = 31
RATE = 32
PHASE_CHARGE = 33
DENSITY = 34
SHANNON = 35
RUNNING_CHARGE = 36
PERIOD_DC = 37
NO_DISCHARGE = 38
NO_ANODE = 39
NO_CATHODE = 40
OVERLAP = 41
SHORT_RECORD = 42
ACTIVE_NO_END = 43
ACTIVE_FLAG = 44
COMPLIANCE = 45
TABLE_LENGTH = 46
FRAME_FORMAT = 47
PERIOD = 48
IMBALANCE = 49
STEP_UP = 50
NO_SYNC = 51
CONTACT_UNKNOWN = 52
WIDTH_SHORT = 53
ACTIVE_RUN = 54
PART_DISCHARGE = 55
LIVE_SWITCH = 56
# running
LOAD_ID = 60
CEILING = 61
NO_PROGRAM = 62
DOES_NOT_FIT = 63
BELOW_CODE = 64
STAGE_CONTACTS = 65
SHORT_GAP = 66
SCOPE_DELAY = 67
MEASURE_CONTACTS = 68
LOAD_UNKNOWN = 69
LOAD_OLD = 70
LOAD_OPEN = 71
LOAD_SHORT = 72
LOAD_OHM = 73
LOAD_NF = 74
# latched faults
FAULT_STARVED = 80
FAULT_SENTINEL = 81
FAULT_WATCHDOG = 82
FAULT_STREAM = 83
FAULT_SENSE = 84
FAULT_OPEN = 85
FAULT_SHORT = 86
FAULT_INTERNAL = 87
FAULT_SELF_TEST = 88

# code: (name, unit, sentence)
TABLE = {
    OK: ("ok", "", "accepted"),
    BAD_COMMAND: ("bad_command", "", "no such command"),
    BAD_LENGTH: ("bad_length", "bytes", "the command's fields have another length"),
    BAD_STATE: ("bad_state", "", "not allowed in this state"),
    BAD_SEQUENCE: ("bad_sequence", "", "this sequence number is not the next one"),
    BAD_VERSION: ("bad_version", "", "the device speaks another protocol version"),
    STAGE_RANGE: ("stage_range", "bytes", "the piece lies outside the staged program"),
    STAGE_CRC: ("stage_crc", "", "the staged program arrived damaged"),
    BLOB_FORMAT: ("blob_format", "", "the program has another format"),
    BLOB_FIELD: ("field", "", "a field of the program is out of its range"),
    HASH_MISMATCH: ("hash_mismatch", "", "the hash named is not that of the program loaded"),
    SLOT_RANGE: ("slot_range", "", "the store has no slot of that number"),
    SLOT_EMPTY: ("slot_empty", "", "the slot is empty"),
    SLOT_DAMAGED: ("slot_damaged", "", "what the slot held is damaged"),
    STORE_WRITE: ("store_write", "", "the store did not take what was written; the old is kept"),
    AMPLITUDE: ("amplitude", "nA", "the current is above its ceiling"),
    WIDTH: ("width", "ns", "a first phase is longer than permitted"),
    WIDTH_SHORT: ("width_short", "ns", "a first phase is shorter than permitted"),
    ACTIVE_RUN: ("active_run", "ns", "current flows longer without a pause than permitted"),
    RATE: ("rate", "ns", "two pulses begin closer together than the highest rate permits"),
    PHASE_CHARGE: (
        "phase_charge",
        "pC",
        "the charge of one phase is above what the contact permits",
    ),
    DENSITY: ("density", "nC/cm2", "the charge density of one phase is above its ceiling"),
    SHANNON: ("shannon", "1e-3 uC2/cm2", "the phase lies beyond Shannon k = 1.5"),
    RUNNING_CHARGE: ("running_charge", "pC", "the charge not yet recovered grows too large"),
    PERIOD_DC: ("dc", "pA", "the net current over a period is above its ceiling"),
    NO_DISCHARGE: ("no_discharge", "ns", "a used contact is never discharged in the period"),
    NO_ANODE: ("no_anode", "contacts", "current flows with no contact to return it"),
    NO_CATHODE: ("no_cathode", "contacts", "current flows with no contact to source it"),
    OVERLAP: ("overlap", "mask", "a contact is switched to source and to return at once"),
    SHORT_RECORD: ("short_record", "ticks", "a record is shorter than the sequencer can shift"),
    ACTIVE_NO_END: ("active_no_end", "record", "the table ends in an active record"),
    ACTIVE_FLAG: ("active_flag", "record", "the active flag contradicts what the frame drives"),
    COMPLIANCE: ("compliance", "mV", "the load needs more voltage than the stage has"),
    TABLE_LENGTH: ("table_length", "words", "the table of words is too long, empty or odd"),
    FRAME_FORMAT: ("frame_format", "record", "a frame holds bits the stage does not know"),
    PERIOD: ("period", "ns", "the period is longer than the lowest rate permits"),
    IMBALANCE: ("imbalance", "code ticks", "active recharge does not return the charge exactly"),
    STEP_UP: ("step_up", "uA", "the amplitude rises in a larger step than permitted"),
    NO_SYNC: ("no_sync", "marks", "the period is not marked by exactly one SYNC"),
    CONTACT_UNKNOWN: ("contact_unknown", "mask", "a contact has no known area or is not there"),
    PART_DISCHARGE: ("part_discharge", "mask", "a discharge must join exactly the contacts in use"),
    LIVE_SWITCH: ("live_switch", "masks", "contacts are switched while current flows"),
    LOAD_ID: ("load_id", "ADC codes", "the dummy load's identification resistor reads wrong"),
    CEILING: ("ceiling", "uA", "the amplitude is above the profile's own ceiling"),
    NO_PROGRAM: ("no_program", "", "the group has no program of that number"),
    BELOW_CODE: ("below_code", "nA", "the amplitude is below one step of the stage"),
    STAGE_CONTACTS: (
        "stage_contacts",
        "mask",
        "the stage has two fixed contacts: the first and the second",
    ),
    SHORT_GAP: ("short_gap", "ns", "the interphase gap is shorter than the stage can follow"),
    SCOPE_DELAY: ("scope_delay", "us", "the samples asked for begin too long after a period does"),
    MEASURE_CONTACTS: ("measure_contacts", "contacts", "a measurement needs two contacts or more"),
    DOES_NOT_FIT: ("does_not_fit", "ns", "the pulses do not fit into their slot of the period"),
    FAULT_STARVED: ("starved", "", "the sequencer ran out of words"),
    FAULT_SENTINEL: ("sentinel", "", "an active phase outlasted its ceiling"),
    FAULT_WATCHDOG: ("watchdog", "", "the main loop stalled and the watchdog reset the device"),
    FAULT_STREAM: ("stream", "", "the live words differ from the admitted ones"),
    FAULT_SENSE: ("sense", "nA", "the measured current is not the commanded one"),
    FAULT_OPEN: ("open_load", "nA", "almost no current flows: the load is open"),
    FAULT_SHORT: ("short_load", "mV", "almost no voltage stands across the load: it is shorted"),
    FAULT_INTERNAL: ("internal", "", "the firmware refused its own next step"),
    FAULT_SELF_TEST: ("self_test", "", "the board is not as it should be at boot"),
}


class Refused(Exception):
    """A request the device will not carry out: (code, index, value, limit), all integers.

    `index` is the number of the program, contact, record or field the refusal speaks of.
    `rows` holds every reason known, the first of them in the other attributes.
    """

    def __init__(self, code: int, index: int = 0, value: int = 0, limit: int = 0, rows: tuple = ()):
        super().__init__(code, index, value, limit)
        self.code = code
        self.index = index
        self.value = value
        self.limit = limit
        self.rows = rows or ((code, index, value, limit),)


def refuse_all(rows: list) -> None:
    """Raise Refused with every row (code, index, value, limit); the first one leads."""
    first = rows[0]
    raise Refused(first[0], first[1], first[2], first[3], tuple(rows))
