"""Pages are looked at in a real browser. `make test-pages` makes them first."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.pages.browser import Page, browser, program

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def results() -> Path:
    """Results of the toy experiment with its report, as `make report` left them."""
    folder = ROOT / "results" / "toy"
    if not (folder / "report.html").is_file():
        pytest.skip("no report of the toy experiment; run `make test-pages`")
    return folder


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A tab of a browser that knows no network."""
    if program() is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture
def alone(tmp_path: Path):
    """Copy of a file in a folder of its own, as if it had come by mail."""

    def copied(path: Path) -> Path:
        return Path(shutil.copy(path, tmp_path / path.name))

    return copied
