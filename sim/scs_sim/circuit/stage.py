"""The output stages: from the bits at the pins to a demand on the load.

Role: frame bits, as they were shifted or set on the pins, to a Demand for the load. It knows the
data sheets of the DAC and the switches, nothing of records, programs or what was intended.
Invariant: GATE low disconnects and bleeds the load whatever the bits say.
Assumed: the real errors of gain, offset and linearity are half of the declared worst
(`error_share`), the last of them a sine over the span; the load is one two-terminal network
between whatever contacts are switched; a DAC that is shut down leaves the pump's input at
mid-scale; ACTIVE is low where the code sent is mid-scale, and there alone, as the kernel demands of
every record, so that contacts on both sides then discharge through the resistor; the output
settles with one time constant (netlist.py), the switches at once.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import netlist
from .load import Demand

# MCP4922 write command (Microchip DS22250A, register 5-1)
DAC_CHANNEL_B = 0x8000
DAC_GAIN_1 = 0x2000
DAC_ON = 0x1000
DAC_CODE = 0x0FFF


class Parts(NamedTuple):
    """The electrical facts of a stage, worst errors as declared."""

    ladder: bool
    step: float  # A or V per code
    source_ohm: float
    code_mid: int
    limit_v: float
    switch_ohm: float
    gain_mismatch: float
    offset_a: float
    inl_codes: float
    code_span: int
    bleed_ohm: float
    soft_ohm: float  # of the discharge resistor; 0: none


def parts(row: Mapping[str, Any]) -> Parts:
    """Read parts from electrical["stage"]; raise ValueError naming an unknown kind."""
    kind = row["kind"]
    if kind not in ("current", "ladder"):
        raise ValueError(f"stage kind is {kind!r}; known are 'current' and 'ladder'")
    ladder = kind == "ladder"
    return Parts(
        ladder,
        float(row["volts_per_code"] if ladder else row["amps_per_code"]),
        float(row.get("source_ohm") or 0.0),
        int(row["code_mid"]),
        float(row["compliance_v"]),
        float(row["switch_ohm"]),
        float(row["gain_mismatch_ppm"]) * 1e-6,
        float(row["offset_a"]),
        float(row["inl_codes"]),
        int(row["code_span"]),
        float(row["bleed_ohm"]),
        float(row.get("soft_ohm") or 0.0),
    )


def even_bits(word: int) -> int:
    """Return the 16 bits at positions 0, 2, 4, … of a 32-bit word."""
    word &= 0x55555555
    word = (word | word >> 1) & 0x33333333
    word = (word | word >> 2) & 0x0F0F0F0F
    word = (word | word >> 4) & 0x00FF00FF
    return (word | word >> 8) & 0xFFFF


def dac_code(word: int, before: int, mid: int) -> int:
    """Return the code that channel A puts out after a 16-bit write, in codes of gain 1."""
    if word & DAC_CHANNEL_B:
        return before
    if not word & DAC_ON:
        return mid
    code = word & DAC_CODE
    return code if word & DAC_GAIN_1 else min(2 * code, DAC_CODE)


class Stage:
    """DAC and switches. `latch(frame)` as the pins had it, `gate(level)`, then `demand()`."""

    def __init__(self, row: Mapping[str, Any], error_share: float = 0.5):
        self.parts = parts(row)
        self.code = self.sent = self.parts.code_mid
        self.cathodes = 0
        self.anodes = 0
        self.gate_high = False
        self.stuck = False
        self.gain = 1.0  # of the DAC's reference
        self.discharges = True
        self.joined = False  # the discharge switches do not open
        self.soft_ohm = self.parts.soft_ohm
        self._gain_error = error_share * self.parts.gain_mismatch / 2
        self.offset_a = error_share * self.parts.offset_a
        self._inl_codes = error_share * self.parts.inl_codes

    def latch(self, frame: int) -> None:
        """Apply new bits: 32 interleaved ones of two shift registers, or 8 of the ladder."""
        mid = self.parts.code_mid
        if self.parts.ladder:
            code, self.cathodes, self.anodes = frame & 0xFF, 1, 2
        else:
            code = dac_code(even_bits(frame), self.code, mid)
            switches = even_bits(frame >> 1)
            self.cathodes, self.anodes = switches >> 8, switches & 0xFF
        self.sent = code
        if not self.stuck or self.code == mid:  # stuck: the first code that drives stays for good
            self.code = code

    def set_gate(self, high: bool) -> None:
        """Connect the load (high) or disconnect and bleed it (low)."""
        self.gate_high = high

    def demand(self) -> Demand:
        """Return the present demand on the load."""
        if not self.gate_high:
            return Demand(netlist.BLED, 0.0, source_ohm=self.parts.bleed_ohm)
        if self.joined:
            return self._discharge(0.0)
        if self.parts.ladder:
            volts = self._output() + self.offset_a * self.parts.source_ohm
            return Demand(netlist.SOURCED, volts, source_ohm=self.parts.source_ohm)
        if self.cathodes and self.anodes and not self.cathodes & self.anodes:
            if self.parts.soft_ohm and self.sent == self.parts.code_mid:
                return self._discharge(self.soft_ohm)  # the pump isolated
            return Demand(netlist.DRIVEN, self._output() + self.offset_a, self.parts.limit_v)
        joined = max(self.cathodes.bit_count(), self.anodes.bit_count()) > 1
        if joined or self.cathodes & self.anodes:  # contacts tied together: the load is shorted
            return self._discharge(0.0)
        return Demand(netlist.OPEN)

    def _discharge(self, more_ohm: float) -> Demand:
        if not self.discharges:
            return Demand(netlist.OPEN)
        return Demand(netlist.SHORTED, 0.0, source_ohm=self.parts.switch_ohm + more_ohm)

    def set(self, code: int, cathodes: int, anodes: int) -> None:
        """Set code and contacts at once, past the pins, as model.py does."""
        self.code = self.sent = code
        self.cathodes, self.anodes = cathodes, anodes

    def _output(self) -> float:
        """Return the code's current or voltage, with INL and each polarity's own gain."""
        offset_code = self.code - self.parts.code_mid
        bend = self._inl_codes * math.sin(math.pi * offset_code / self.parts.code_span)
        gain = 1 + self._gain_error if offset_code > 0 else 1 - self._gain_error
        return (offset_code + bend) * self.parts.step * gain * self.gain
