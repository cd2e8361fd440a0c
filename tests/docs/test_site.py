"""The site: complete in itself, every link checked, and the same text as the plain pages."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
ITEM = re.compile(r" *([-*]|\d+\.) ")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def built(config: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Build with --strict in a process of its own: tools/docs has a markdown.py too."""
    pytest.importorskip("material", reason="builds the site: make site installs what does")
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own["NO_MKDOCS_2_WARNING"] = "1"
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
    ]  # with -q it would not count warnings
    return subprocess.run(
        [*command, "-f", str(config), "-d", str(into)],
        cwd=config.parent,
        env=own,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_site_has_every_page_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = built(ROOT / "mkdocs.yml", tmp_path)
    assert done.returncode == 0, done.stderr
    written = {page.relative_to(tmp_path).with_suffix("") for page in tmp_path.rglob("*.html")}
    wanted = {page.relative_to(ROOT / "docs").with_suffix("") for page in PAGES}
    wanted = {page.with_name("index") if page.name == "README" else page for page in wanted}
    assert wanted <= written
    for page in tmp_path.rglob("*.html"):
        loads = re.findall(
            r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=\"?((?:https?:)?//[^\s>\"]*)",
            page.read_text(encoding="utf-8"),
        )
        assert loads == [], page.name
    profile = (ROOT / "profiles/hf10.yaml").read_bytes()
    assert (tmp_path / "repository/profiles/hf10.yaml").read_bytes() == profile


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("[a](gone.md) [b](#gone)", ["link 'gone.md', but the target is not", "no such anchor"]),
        ("![a](https://example.org/a.png)", ["loads from elsewhere"]),
    ],
)
def test_a_bad_page_ends_the_build(text: str, complaints: list[str], tmp_path: Path) -> None:
    class Loader(yaml.SafeLoader):
        """Reads mkdocs.yml without its Python objects."""

    Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_node: None)
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)
    config.update(nav=["index.md"], hooks=[str(ROOT / "tools/docs/site/hook.py")])
    config["markdown_extensions"], config["plugins"] = ["tables"], []
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.md").write_text(f"# A page\n\n{text}\n")
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config))
    done = built(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert done.returncode != 0
    assert [each for each in complaints if each not in done.stderr] == []


def run_on(text: str) -> list[str]:
    """Return the list items right after a line of text: a list to a forge, none to mkdocs."""
    lines = ["", *FENCE.sub("", text).splitlines()]
    return [
        line
        for before, line in zip(lines, lines[1:], strict=False)
        if ITEM.match(line) and before.strip() and not ITEM.match(before) and before[0] != " "
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_list_stands_after_a_blank_line(page: Path) -> None:
    assert run_on(page.read_text(encoding="utf-8")) == []


def test_a_list_that_runs_on_is_found() -> None:
    assert run_on("Text:\n- one\n- two\n  more\n- three\n\n- four\n") == ["- one"]
