"""Profile, stimulator and trace show themselves in a notebook, and the example notebook runs."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.figure import Figure

from scs import DeviceFault, LinkLost, Profile, Stimulator, Trace, WrongUsage, resources
from stimcore import commands

ROOT = Path(__file__).resolve().parents[2]
TONIC = Profile.read(resources.path("profiles/tonic_50hz.yaml"))
TAG = re.compile(r"<[^>]+>")


def rows(page: str) -> dict[str, str]:
    """Return first cell -> the others of each row of a table."""
    cells = [
        [TAG.sub("", cell) for cell in re.findall(r"<t[dh][^>]*>.*?</t[dh]>", row)]
        for row in re.findall(r"<tr>.*?</tr>", page)
    ]
    return {row[0]: ", ".join(row[1:]) for row in cells}


def pulse(current_a: float = -2e-3) -> Trace:
    time_s = np.array([0, 0, 2e-4, 2e-4, 2e-2])
    current = np.array([0, current_a, current_a, 0, 0])
    return Trace(time_s, current, 500 * current)


def test_a_profile_shows_each_program_in_clinical_terms() -> None:
    page = TONIC._repr_html_()
    for shown in ("Tonic 50 Hz, guarded cathode", "<td>rate</td><td>50 Hz</td>", "<td>2 mA</td>"):
        assert shown in page
    text = TONIC.text.replace("low back", "<script>")
    assert "<script>" not in Profile.from_text(text)._repr_html_()


def test_a_stimulator_shows_what_it_heard_last_and_sends_nothing() -> None:
    stim = Stimulator("sim")
    assert rows(stim._repr_html_())["state"] == "unknown: the port is closed"
    with stim:
        assert rows(stim._repr_html_())["state"] == "not asked yet: status() does"
        stim.load(TONIC)
        stim.arm()
        stim.start()
        stim.wait(2.5)
        lease_s, asked = stim.status().lease_left_s, stim.link.requests
        at_s = stim.link.now()
        shown = rows(stim._repr_html_())
        assert (stim.link.requests, stim.link.now()) == (asked, at_s)
        assert shown["state"] == "RUNNING"
        assert shown["amplitude, low back"] == "2 of 2 mA"
        assert shown["board"].startswith("pico/mcp4922-8/randles-500, firmware ")
        assert shown["fault"] == "none"
        assert lease_s is not None
        stim.link.sleep(1.0)
        stim._repr_html_()
        left_s = stim.link.request(commands.STATUS)["lease_left_ms"] / 1000
        assert left_s > lease_s - 0.1  # this request renewed it, …
        stim.stop()
        stim.unload()
        assert rows(stim._repr_html_())["state"].endswith(", 1 requests ago")
    assert rows(stim._repr_html_())["state"] == "unknown: the port is closed"


def test_a_stimulator_shows_its_fault_and_outlives_its_link() -> None:
    stim = Stimulator("sim", faults="open_lead@2")
    with stim:
        stim.load(TONIC)
        stim.arm()
        stim.start()
        with pytest.raises(DeviceFault):
            stim.wait(5.0)
        shown = rows(stim._repr_html_())
        assert shown["state"] == "FAULT"
        assert shown["fault"].startswith("open_load")


def test_a_stimulator_shows_itself_after_its_link_was_cut() -> None:
    with Stimulator("sim", faults="link_cut@1") as stim:
        stim.status()
        stim.link.sleep(2.0)
        with pytest.raises(LinkLost):
            stim.status()
        assert rows(stim._repr_html_())["state"] == "OFF, 1 requests ago"


def test_a_trace_shows_its_figures_and_a_picture() -> None:
    page = pulse()._repr_html_()
    # one pulse: 2 mA for 200 us are 0.4 uC; no rate of one pulse alone
    assert rows(page)["1"] == "1, unknown, 200 µs, -2 mA, -0.4 µC"
    assert 'src="data:image/png;base64,iVBOR' in page
    whole = TONIC.trace(0.1).trace._repr_html_()
    assert rows(whole)["low back"].startswith("5, 50 Hz, ")


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_trace_without_a_pulse_says_so(length: int) -> None:
    page = Trace(*np.zeros((3, length)))._repr_html_()
    assert "holds no pulse" in page if length == 2 else "two or more rows" in page
    assert ("<img" in page) == (length == 2)


def test_a_plot_goes_onto_the_axes_that_are_given() -> None:
    axes = Figure().subplots()
    assert pulse().plot(axes, quantity="voltage") is axes
    line = axes.lines[0]
    assert float(np.min(line.get_ydata())) == pytest.approx(-1.0)  # 2 mA in 500 ohm
    assert float(np.max(line.get_xdata())) == pytest.approx(20.0)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("time (ms)", "voltage (V)")
    with pytest.raises(
        WrongUsage, match=r"no quantity 'power': there are current and voltage; e\.g\. "
    ):
        pulse().plot(axes, quantity="power")


def test_a_plot_without_axes_is_a_new_figure_of_pyplot() -> None:
    pyplot.switch_backend("agg")
    before = pyplot.get_fignums()
    axes = pulse().plot()
    try:
        assert len(pyplot.get_fignums()) == len(before) + 1
        assert axes.get_ylabel() == "current (mA)"
        assert float(np.min(axes.lines[0].get_ydata())) == pytest.approx(-2.0)
    finally:
        pyplot.close(axes.figure)


def test_the_example_notebook_runs_and_keeps_no_output() -> None:
    reason = "runs a notebook: pip install nbclient ipykernel"
    nbclient, nbformat = (
        pytest.importorskip("nbclient", reason=reason),
        pytest.importorskip("nbformat", reason=reason),
    )
    pytest.importorskip("ipykernel", reason=reason)
    notebook = nbformat.read(ROOT / "examples/first_traces.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    resources_of = {"metadata": {"path": str(ROOT / "examples")}}
    nbclient.NotebookClient(notebook, timeout=120, resources=resources_of).execute()
    shown = {kind for cell in code for output in cell.outputs for kind in output.get("data", {})}
    assert {"text/html", "image/png"} <= shown
    texts = "".join(output.get("text", "") for cell in code for output in cell.outputs)
    assert re.search(r"refused: .*tonic_50hz.yaml:\d+: programs\[0\]\.amplitude: ", texts)
