"""Absolute ceilings. boards.yaml and a profile can only be tighter; a looser value is refused.

Role: the one table of limits that are never exceeded, read by program.py and the kernel.
Invariant: integers with their unit in the name; each has its reason beside it.
Requirements: REQ-01 to REQ-17 in docs/explain/safety.md.
"""

# --- what one pulse may be -------------------------------------------------------------------
AMPLITUDE_UA = 25_500  # per contact; the highest of the published implants' ranges (25.5 mA)
WIDTH_MIN_NS = 10_000  # shortest first phase
WIDTH_MAX_NS = 1_000_000  # longest first phase; implants publish 20 to 1000 us
GAP_MAX_NS = 1_000_000  # interphase gap
RATE_MIN_MILLIHZ = 1_000  # millihertz: 1 Hz
RATE_MAX_MILLIHZ = 10_000_000  # millihertz: 10 kHz
RECHARGE_RATIO_MAX = 10  # active recharge: amplitude / ratio, ratio times as long
RECHARGE_MAX_NS = WIDTH_MAX_NS * (RECHARGE_RATIO_MAX + 1)  # ratio 10, plus the trim of rounding
ACTIVE_RUN_MAX_NS = WIDTH_MAX_NS + RECHARGE_MAX_NS  # a first phase and its recharge, no gap
BURST_PULSES_MIN = 2
BURST_PULSES_MAX = 10
SEGMENTS = 32  # of a shape
DITHER_PERMILLE = 500  # of the time between two pulses, and of a width

# --- charge ----------------------------------------------------------------------------------
PHASE_CHARGE_PC = 10_000_000  # 10 uC, whatever area a lead file claims for its contacts
# 30 uC/cm2 is the level at which a DBS programmer warns of tissue damage (geometric area).
DENSITY_NC_PER_CM2 = 30_000
# Shannon 1992: log10(D) = k - log10(Q); damage seen from k = 1.85. k = 1.5 is the customary
# conservative line: D x Q <= 10^1.5 = 31.622 (uC/cm2 x uC), kept in thousandths.
SHANNON_DQ_MILLI = 31_622
# Above 0.1 uA of net current cochlear ganglion cells were lost (Shepherd 1999).
DC_PA = 100_000
DC_MEAN_MS = 1_000  # of its mean: what comes to rest within a second is a charge, not a current
# What flows while nothing is driven is held to the contact's own ceiling unless a profile says so,
# and never to more than twice it: no published device states such a figure, so this is chosen. A
# discharge falls from its first instant on; one of twice the amplitude is below it after 0.7 tau.
DISCHARGE_PERMILLE = 2_000
DISCHARGE_LEAST_PERMILLE = 100  # a tenth: what a stage cannot be held to any more
# A current source asked for more than this share of its supply no longer sets the current.
COMPLIANCE_PERMILLE = 900

# --- the table of words ----------------------------------------------------------------------
TABLE_WORDS = 2_048  # two words a record: 1024 records
PERIOD_MAX_NS = 1_000_000_000  # 1 Hz
PERIOD_TIMES = 64  # how often one program may come in a period
# What judging a group takes in one turn of the loop, in fifths of a millisecond on an RP2040
# (emulated, 2026-11-23): a phase 3, 4 more for each pair of contacts (8 where one side has several)
# and 7 more where it is dithered. With a step of a ramp it is to be over before the watchdog bites.
GROUP_WORK = 825
CONTACTS = 8
PROGRAMS = 4
GROUP_SLOTS = 8  # loaded programs that the store keeps

# --- time ------------------------------------------------------------------------------------
STEP_UP_UA = 500  # largest rise of any amplitude between two successive streams: soft start
STEP_MS = 20  # shortest time between two amplitude steps
RAMP_MAX_MS = 60_000
CYCLE_MIN_MS = 1_000  # 0.1 s cycling once depleted implants' batteries (2014 field notice)
CYCLE_MAX_MS = 5_400_000  # 90 min
SESSION_MAX_MS = 86_400_000  # 24 h
SESSION_PULSES_MAX = 1_000_000_000
LEASE_MIN_MS = 200
LEASE_DEFAULT_MS = 2_000
LEASE_MAX_MS = 10_000
WATCHDOG_MS = 250

# --- measured against commanded --------------------------------------------------------------
SENSE_TOLERANCE_PERMILLE = 150  # of the commanded current
SENSE_FLOOR_UA = 60  # and never finer than this
RUN_ERROR_PERMILLE = 100  # of the voltage across the load while running, beside its tolerance
RUN_FLOOR_LSB = 4  # and never finer than so many codes of the ADC
RAIL_PERMILLE = 800  # of the compliance: a current too small at such a voltage is out of it
MEASURE_UA = 500  # of a test pulse: what the soft start may begin with, and half of 1 mA
MEASURE_AREA_UM2 = 2_000_000  # for which it is judged: 2 mm2, a sixth of an SCS contact's
MEASURE_ERROR_PERMILLE = 20  # of a measurement, beside the declared load's own tolerance
MEASURE_AGE_MS = 60_000  # how long ago the load may have been measured when it is armed
# A sense path of parts of 0.1 % behind a converter's own reference is no more wrong than this;
# what is, has a fault, which a calibration must not hide.
CALIBRATION_PPM = 50_000  # of what an ADC code is worth
CALIBRATION_OFFSET = 512  # of a channel's zero, in 1/16 of an ADC code: 32 codes
SCOPE_DELAY_MAX_US = 2_000_000  # two periods of 1 Hz
AREA_MIN_UM2 = 10_000  # contact area: 0.01 mm2
AREA_MAX_UM2 = 1_000_000_000  # 10 cm2


def rows() -> list:
    """Return all (name, value) pairs, sorted, for the digest in HELLO."""
    return sorted((name, value) for name, value in globals().items() if name.isupper())
