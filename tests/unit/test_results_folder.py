"""Folders that results cannot or must not be written to are refused in one line."""

import os
import subprocess
from pathlib import Path

import pytest

from entangled_drums.configuration.results_folder import OWN_FOLDERS, results_folder
from entangled_drums.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / "config").mkdir(parents=True)
    (folder / "docs").mkdir()
    (folder / "README.md").touch()
    (folder / "linked").symlink_to("config")
    (folder / "dangling").symlink_to("nowhere")
    return folder


def refusal(given: object, checkout: Path) -> str:
    before = sorted(checkout.rglob("*"))
    with pytest.raises(ConfigurationError) as caught:
        results_folder(given, "toy", checkout)
    assert sorted(checkout.rglob("*")) == before
    text = str(caught.value)
    assert text.isprintable()
    assert "; write " in text
    return text


@pytest.mark.parametrize(
    ("given", "told"),
    [
        *((value, "is no text; write a folder, with ./ before") for value in (123, 1e6, [])),
        *((value, "names no folder; write one, such as results") for value in ("", "  ", None)),
        *((value, "holds braces") for value in ("results/{x}", "a}", "a\nb", "a\0", "\x1b[31m")),
        *((value, "is the root of all files") for value in ("/", "//", "/../")),
        *((value, "is the checkout itself") for value in (".", "./", "config/..", "results/..")),
        *(
            (value, "lies among the checkout's own files")
            for value in ("config", "./docs/", "docs/new/er", "linked", "results/../src", ".git")
        ),
        *((value, "README.md is no folder") for value in ("README.md", "README.md/deeper")),
        ("dangling", "dangling is no folder"),
    ],
)
def test_refused(checkout: Path, given: object, told: str) -> None:
    assert told in refusal(given, checkout)


def test_checkout_is_known_by_its_other_paths(checkout: Path) -> None:
    link = checkout.with_name("link")
    link.symlink_to(checkout)
    assert "is the checkout itself" in refusal(str(link), checkout)
    assert "own files" in refusal(str(checkout / "config"), link)


def test_file_in_place_of_the_experiment_is_refused(checkout: Path) -> None:
    (checkout / "results").mkdir()
    (checkout / "results" / "toy").touch()
    assert "results/toy is no folder" in refusal("results", checkout)


@pytest.mark.parametrize("closed", ["results", "."])
def test_folder_that_cannot_be_written_is_refused(
    checkout: Path, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root, which may write everywhere, a read-only disk is all that is refused."""
    (checkout / closed).mkdir(exist_ok=True)
    closed_folder = (checkout / closed).resolve()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).resolve() != closed_folder)
    assert f"{closed_folder} cannot be written" in refusal("results", checkout)


@pytest.mark.parametrize(
    ("given", "returned"),
    [
        ("results", "results/toy"),
        ("./123", "123/toy"),
        ("a b/c", "a b/c/toy"),
        ("../elsewhere", "../elsewhere/toy"),
        ("..", "../toy"),
    ],
)
def test_taken(checkout: Path, given: str, returned: str) -> None:
    assert results_folder(given, "toy", checkout) == returned
    assert results_folder(str(checkout / "new"), "toy", checkout) == f"{checkout}/new/toy"


def test_all_folders_of_the_checkout_but_results_are_its_own() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    tracked = {name.partition("/")[0] for name in listed if "/" in name}
    assert tracked - set(OWN_FOLDERS) == {"results"}
