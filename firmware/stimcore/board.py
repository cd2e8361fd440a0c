"""The device's parameters of its board, output stage and dummy load: one tuple of integers.

Role: the device's view of a row of boards.yaml; the host makes it (scs.catalog.boards), the flasher
writes it into the generated board module, and both ends compare its digest in HELLO.
Invariant: integers only (but for the name); nothing here is a ceiling of its own except the
fields `max_*`, which can only be tighter than limits.py.
"""

from collections import namedtuple

STAGE_MCP4922_8 = 0  # bipolar SPI DAC into a current pump, 8 contacts through a switch register
STAGE_R2R_1 = 1  # 8-bit R-2R network on 8 pins, two contacts, no switches

Board = namedtuple(
    "Board",
    (
        "name",  # "board/stage/load", the row names of boards.yaml
        "clock_hz",  # one tick is one cycle of it
        "stage",  # STAGE_*
        "contacts",  # how many the stage has
        "na_per_code",  # output current of one DAC code, nA
        "code_mid",  # the code that gives zero current (offset binary)
        "code_span",  # largest magnitude either side of code_mid
        "overhead_ticks",  # length of a record whose hold is 0 (the sequencer's own cycles)
        "min_record_ticks",  # shortest record the sequencer, the DMA and the DAC can follow
        "compliance_mv",  # largest voltage across the load at which the current is still set
        "rest_tau_us",  # slowest that any load may discharge with: how long a measurement rests
        "discharge_tau_us",  # slowest time constant of passive discharge with this load …
        "discharge_least_us",  # … and its least: a charge over it is the first current; 0: none
        "soft_tau_us",  # the same through the discharge resistor; 0: the stage has none
        "soft_least_us",
        "bleed_least_us",  # least time constant while the load is disconnected and bled
        "gain_mismatch_ppm",  # worst difference of gain between the two polarities
        "offset_na",  # worst current at code_mid and under it
        "adc_zero",  # ADC code of zero current and of zero voltage
        "load_ohm",  # resistive part of the declared dummy load
        "load_nf",  # its series capacitance as seen by one pulse; 0: none
        "seen_ohm",  # the result of load_test.py at the declared dummy load …
        "seen_nf",  # … beyond the stage's own blocking capacitor; 0: no capacitance
        "load_tolerance_permille",
        "load_id_code",  # ADC code of its identification resistor
        "load_id_tolerance",  # in ADC codes
        "max_amplitude_ua",
        "max_rate_millihz",
        # the sense path; these four last, for a calibration replaces them (calibration.py)
        "current_offset",  # the current channel's reading above adc_zero, 1/16 of a code
        "sense_na_per_lsb",  # current per ADC code
        "voltage_offset",  # the voltage channel's reading above adc_zero, 1/16 of a code
        "sense_uv_per_lsb",  # load voltage per ADC code
    ),
)
FINE = 16  # parts of an ADC code in which readings and offsets are given


def ticks_from_ns(board: Board, ns: int) -> int:
    """Return the nearest whole number of ticks to `ns`; exact where the clock allows."""
    return (ns * (board.clock_hz // 1000) + 500_000) // 1_000_000


def period_ticks(board: Board, rate_millihz: int) -> int:
    """Return the nearest whole number of ticks to one period of a rate in millihertz."""
    return (board.clock_hz * 1000 + rate_millihz // 2) // rate_millihz


def sensed_na(board: Board, reading: int) -> int:
    """Return the current, nA, of a reading in 1/16 of an ADC code."""
    return (reading - FINE * board.adc_zero - board.current_offset) * board.sense_na_per_lsb // FINE


def sensed_mv(board: Board, reading: int) -> int:
    """Return the voltage, mV, of a reading in 1/16 of an ADC code."""
    zero = FINE * board.adc_zero + board.voltage_offset
    return (reading - zero) * board.sense_uv_per_lsb // (1000 * FINE)


def code_from_ua(board: Board, amplitude_ua: int) -> int:
    """Return the nearest DAC magnitude to an amplitude; the actual current is reported."""
    return (amplitude_ua * 1000 + board.na_per_code // 2) // board.na_per_code
