"""The shipped files are found in a repository and in a wheel, and nothing else is."""

import pytest

from scs import resources


@pytest.fixture(autouse=True)
def fresh():
    resources.root.cache_clear()
    yield
    resources.root.cache_clear()


def test_in_the_repository_they_stand_at_its_root():
    assert resources.path("boards.yaml").parent.joinpath("firmware", "stimcore").is_dir()
    assert resources.stems("leads") == [
        "dummy-2",
        "heptode-plate",
        "octrode-3mm",
        "octrode-3mm-pitch12",
        "octrode-3mm-pitch4",
        "paddle-2x4",
        "quad-3mm",
    ]


def test_in_a_wheel_they_stand_in_the_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "scs"
    (package / "data" / "leads").mkdir(parents=True)
    (package / "data" / "boards.yaml").write_text("")
    (package / "data" / "leads" / "one.yaml").write_text("")
    monkeypatch.setattr(resources, "PACKAGE", package)
    assert resources.path("boards.yaml") == package / "data" / "boards.yaml"
    assert resources.stems("leads") == ["one"]


def test_an_installation_without_its_data_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "a" / "b" / "scs")
    with pytest.raises(FileNotFoundError, match="reinstall"):
        resources.path("boards.yaml")


@pytest.mark.parametrize("name", ["../README.md", "/etc/passwd", "leads/none.yaml"])
def test_a_name_never_leads_out_of_the_data(name):
    with pytest.raises(FileNotFoundError):
        resources.path(name)
