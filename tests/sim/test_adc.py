"""The ADC: its instants, its codes, and that extremes by piece equal extremes by sample."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scs_sim.circuit.adc import EMPTY, Adc, Sense
from scs_sim.circuit.load import Piece

HZ = 125_000_000
US = 125  # ticks


def adc(seed: int | None = None) -> Adc:
    """Return an ADC of 12.5 uA and 8 mV per code around 2048."""
    return Adc(HZ, Sense(2048, 12.5e-6, 8e-3), seed)


def flat(amps: float, volts: float) -> Piece:
    return Piece("driven", amps, volts)


def test_nothing_sampled_is_an_empty_window() -> None:
    converter = adc()
    assert converter.sample() == EMPTY
    assert EMPTY.current_min > EMPTY.current_max
    assert EMPTY.voltage_min > EMPTY.voltage_max


def test_codes_are_rounded_around_the_zero() -> None:
    converter = adc()
    converter.take(0, flat(-2e-3, 1.0), 100 * US)
    # 2 mA / 12.5 uA = 160; 1 V / 8 mV = 125; 250 kS/s for 100 us
    assert converter.sample() == (1888, 1888, 2173, 2173, 25)


def test_codes_end_at_0_and_4095() -> None:
    converter = adc()
    converter.take(0, flat(-1.0, 40.0), 100 * US)
    assert converter.sample()[:4] == (0, 0, 4095, 4095)


def test_a_window_is_since_the_last_call() -> None:
    converter = adc()
    converter.take(0, flat(-2e-3, 1.0), 100 * US)
    converter.sample()
    converter.take(100 * US, flat(1e-3, 0.0), 150 * US)
    converter.take(150 * US, flat(2e-3, 0.0), 200 * US)
    assert converter.sample() == (2128, 2208, 2048, 2048, 25)


def test_a_piece_told_twice_counts_once() -> None:
    converter = adc()
    converter.take(0, flat(1e-3, 0.0), 60 * US)
    converter.take(0, flat(1e-3, 0.0), 100 * US)
    assert converter.sample().samples == 25


def test_current_and_voltage_are_sampled_by_turns() -> None:
    converter = adc()
    # instants of the current: 0, 4, 8 us; of the voltage: 2, 6, 10 us
    converter.take(0, flat(0.0, 0.0), 5 * US)
    converter.take(5 * US, flat(0.0, 8.0), 7 * US)  # only a voltage instant, at 6 us
    converter.take(7 * US, flat(0.125, 0.0), 9 * US)  # only a current instant, at 8 us
    converter.take(9 * US, flat(0.0, 0.0), 12 * US)
    assert converter.sample() == (2048, 4095, 2048, 3048, 3)


def test_a_pulse_between_two_instants_is_not_seen() -> None:
    converter = adc()
    converter.take(0, flat(0.0, 0.0), 1 * US)
    converter.take(1 * US, flat(0.125, 0.0), 4 * US)
    converter.take(4 * US, flat(0.0, 0.0), 20 * US)
    assert converter.sample()[:2] == (2048, 2048)


def test_noise_is_at_most_one_code_and_follows_its_seed() -> None:
    def run(seed: int) -> list[tuple[int, ...]]:
        converter = adc(seed)
        windows = []
        for at in range(50):
            converter.take(at * 100 * US, flat(0.0, 0.0), (at + 1) * 100 * US)
            windows.append(converter.sample())
        return windows

    codes = {code for row in run(7) for code in row[:4]}
    assert codes == {2047, 2048, 2049}
    assert run(7) == run(7)
    assert run(7) != run(8)


pieces = st.lists(
    st.tuples(
        st.integers(1, 4000),
        st.builds(
            Piece,
            st.just("any"),
            st.floats(-0.02, 0.02),
            st.floats(-10, 10),
            st.permutations([0.0, 1e3, 3e4, 1e5]).map(tuple),
            st.tuples(*[st.floats(-100, 100)] * 4),
            st.tuples(*[st.floats(-1e4, 1e4)] * 4),
        ),
    ),
    min_size=1,
    max_size=8,
)


@given(pieces)
def test_extremes_by_piece_are_those_of_every_single_sample(
    train: list[tuple[int, Piece]],
) -> None:
    converter, at, current, voltage = adc(), 0, [], []
    for ticks, piece in train:
        converter.take(at, piece, at + ticks)
        for tick in range(at, at + ticks):
            if tick % 500 == 0:
                current.append(piece.current((tick - at) / HZ))
            if tick % 500 == 250:
                voltage.append(piece.voltage((tick - at) / HZ))
        at += ticks
    channels = (converter.current, current), (converter.voltage, voltage)
    for channel, values in channels:
        assert channel.count == len(values)
        if values:
            assert channel.least == pytest.approx(min(values), rel=1e-12, abs=1e-15)
            assert channel.greatest == pytest.approx(max(values), rel=1e-12, abs=1e-15)
