"""Every refusal and fault has a code; a refusal carries (code, index, value, limit).

Role: the codes, and the exception. Their names, units and meanings stand in
scs.messages.error_texts: the host adds the place in the profile and an example.
Invariant: a code is never reused.
"""

OK = 0
# the link and the state table
BAD_COMMAND = 1
BAD_LENGTH = 2
BAD_STATE = 3
BAD_SEQUENCE = 4
BAD_VERSION = 5
SESSION_OVER = 6
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
# who may do what
NO_ROLE = 24
WRONG_TAG = 25
WRONG_COUNTER = 26
NO_SESSION = 27
SESSION_HELD = 28
KEY_DAMAGED = 29
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
DISCHARGE_PEAK = 57
BLEED_PEAK = 58
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
CALIBRATION = 75
CALIBRATION_RANGE = 76
SHORT_SEGMENT = 77
STAGE_SPAN = 78
SHAPE_PEAK = 79
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
FAULT_LOAD = 89
FAULT_RESIDUAL = 90
FAULT_COMPLIANCE = 91
FAULT_DISCHARGE = 92


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
