"""The therapies that faults meet, and the ceilings of each as plain numbers.

Role: the profile's text as a user writes it, beside what the load may see of it, worked out by
hand from that text. Invariant: nothing here is computed by the project's own code.

A current may differ from the commanded one by the stage's declared errors (boards.yaml): half of
5000 ppm, 2 uA of offset, 2 codes of 6.25 uA of bend, half a code of rounding: 0.25 % and 18 uA.
"""

from collections.abc import Mapping
from typing import NamedTuple

from .monitor import Ceilings

BOARD = "pico/mcp4922-8/randles-500"
STAGE_A = 12.8e-3  # 2047 codes of 6.25 uA: no fault of the firmware's can make more
LEASE_S, DOWN_S = 0.3, 0.1
MEASURE_A, MEASURE_C = 0.52e-3, 0.52e-6  # a test pulse: 0.5 mA for 1 ms, and the errors
_HEAD = "lead: octrode-3mm\nprograms:\n"
_TAIL = "\nlease: 300 ms\nramp: {up: 200 ms, down: 100 ms}\n"


class Therapy(NamedTuple):
    """A profile, the amplitude that its host sets while it runs, and what the load may see.

    most_s: the longest its output may last from START on, None: until it is stopped.
    """

    name: str
    text: str
    amplitude: str
    ceilings: Mapping[int, Ceilings]
    period_s: float
    runs_s: float = 0.8
    most_s: float | None = None


def _ceilings(
    contacts: tuple[int, ...],
    amplitude_ma: float,
    phase_uc: float,
    held_uc: float,
    settles_uc: float,
) -> dict[int, Ceilings]:
    charges = (phase_uc * 1e-6, held_uc * 1e-6, settles_uc * 1e-6)
    return dict.fromkeys(contacts, Ceilings(amplitude_ma * 1e-3, *charges))


THERAPIES = {
    therapy.name: therapy
    for therapy in (
        Therapy(
            "tonic",
            f"name: tonic\n{_HEAD}"
            "  - {cathodes: [E3], anodes: [E2, E4], rate: 50 Hz, pulse_width: 200 us,\n"
            "     amplitude: 2 mA, interphase_gap: 30 us, recharge: {active: {ratio: 4}}}\n"
            f"limits: {{amplitude: 3 mA}}{_TAIL}",
            "2.6 mA",
            # 3 mA x 1.0025 + 18 uA = 3.026 mA; for 200 us 0.605 uC
            _ceilings((2, 3, 4), 3.026, 0.606, 0.61, 0),
            0.020,
            runs_s=1.4,
        ),
        Therapy(
            "burst",
            f"name: burst\n{_HEAD}"
            "  - {cathodes: [E1], anodes: [E2], rate: 40 Hz,\n"
            "     waveform: {burst: {pulses: 5, intra_rate: 500 Hz}},\n"
            "     pulse_width: 1000 us, amplitude: 0.35 mA,\n"
            f"     recharge: {{passive: {{after: burst}}}}}}{_TAIL}",
            "0.2 mA",
            # 0.35 mA x 1.0025 + 18 uA = 0.369 mA; 1000 us: 0.369 uC; five of them 1.85 uC. The
            # load's leak lets some of the charge held settle, whose mean is 0.75 uC: two thirds
            _ceilings((1, 2), 0.369, 0.37, 1.87, 0.5),
            0.025,
            runs_s=2.2,
        ),
        Therapy(
            "pair",
            f"name: pair\n{_HEAD}"
            "  - {cathodes: [E1], anodes: [E2], rate: 20 Hz, pulse_width: 300 us,\n"
            "     amplitude: 1.5 mA, recharge: active}\n"
            "  - {cathodes: [E5], anodes: [E6], rate: 60 Hz, pulse_width: 150 us,\n"
            f"     amplitude: 2 mA, recharge: active}}{_TAIL}",
            "1 mA",
            # 1.5 mA: 1.522 mA, 0.457 uC of 300 us; 2 mA: 2.023 mA, 0.304 uC of 150 us
            {
                **_ceilings((1, 2), 1.522, 0.458, 0.46, 0),
                **_ceilings((5, 6), 2.023, 0.305, 0.31, 0),
            },
            0.050,
        ),
        Therapy(
            "counted",
            f"name: counted\n{_HEAD}"
            "  - {cathodes: [E1], anodes: [E2], rate: 50 Hz, pulse_width: 200 us,\n"
            f"     amplitude: 1 mA, recharge: active}}\nsession: {{pulses: 30}}{_TAIL}",
            "0.8 mA",
            # 1 mA: 1.021 mA, 0.205 uC; 30 pulses of 50 Hz: 0.6 s
            _ceilings((1, 2), 1.021, 0.206, 0.21, 0),
            0.020,
            most_s=0.6,
        ),
        Therapy(
            "cycled",
            f"name: cycled\n{_HEAD}"
            "  - {cathodes: [E1], anodes: [E2], rate: 50 Hz, pulse_width: 200 us,\n"
            f"     amplitude: 1 mA, recharge: passive}}\ncycle: {{on: 1 s, off: 1 s}}{_TAIL}",
            "0.8 mA",
            _ceilings((1, 2), 1.021, 0.206, 0.21, 0.05),
            0.020,
            runs_s=2.4,
        ),
        Therapy(
            "hf",
            f"name: hf\n{_HEAD}"
            "  - {cathodes: [E1], anodes: [E2], rate: 10 kHz, pulse_width: 30 us,\n"
            f"     amplitude: 2 mA, interphase_gap: 20 us, recharge: active}}{_TAIL}",
            "1.5 mA",
            # 2 mA: 2.023 mA, 0.0607 uC
            _ceilings((1, 2), 2.023, 0.0608, 0.075, 0),
            0.010,
            runs_s=0.3,
        ),
    )
}
SHARES = {"tonic": 5, "burst": 4, "pair": 3, "counted": 3, "cycled": 1, "hf": 1}  # of the runs
