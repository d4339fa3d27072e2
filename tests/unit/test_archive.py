"""Archives carry results faithfully, and a hostile one changes nothing."""

import contextlib
import hashlib
import io
import os
import random
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.workflow.checkouts import digests

from entangled_drums import jsonfile
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.archive import CHECKSUMS, archive, restore
from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.record import compose, seal
from entangled_drums.provenance.run_lock import held

EXPERIMENT = "toy"


def make_results(folder: Path) -> Path:
    """Two results with one record each, and a log."""
    results = folder / EXPERIMENT
    for name in ("a/x.json", "b/y.csv"):
        path = results / name
        path.parent.mkdir(parents=True)
        path.write_text(f"content of {name}\n")
        record = compose(rule="make", code={}, inputs={}, settings={"name": name})
        jsonfile.write(
            path.with_name(path.name.split(".")[0] + ".record.json"),
            seal(record, {name: file_digest(path)}, []),
        )
    (results / "logs").mkdir()
    (results / "logs/make.log").write_text("done\n")
    return results


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return make_results(tmp_path / "here")


def forge(file: Path, members: list[tuple[str, bytes]], listed: list[str] | None = None) -> None:
    """Write an archive with any members; by default the checksums list all of them."""
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in members]
    sums = "".join(lines if listed is None else listed).encode()
    with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT) as packed:
        for name, content in [(CHECKSUMS, sums), *members]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith(".lock")
    }


def test_round_trip(results: Path, tmp_path: Path) -> None:
    assert archive(results, tmp_path / "toy.tar.gz") == 5
    restored = restore(tmp_path / "toy.tar.gz", tmp_path / "there")
    assert restored == tmp_path / "there" / EXPERIMENT
    assert everything(restored) == everything(results)
    assert digests(restored) == digests(results)
    assert not list((tmp_path / "there").glob(".restore-*"))
    assert all(path.stat().st_mtime < 1e6 for path in restored.rglob("*") if path.is_file())


def test_links_into_a_cache_are_followed(results: Path, tmp_path: Path) -> None:
    cached = tmp_path / "cached.json"
    os.rename(results / "a/x.json", cached)
    (results / "a/x.json").symlink_to(cached)
    archive(results, tmp_path / "toy.tar.gz")
    restored = restore(tmp_path / "toy.tar.gz", tmp_path / "there")
    assert not (restored / "a/x.json").is_symlink()
    assert digests(restored) == digests(results)


def test_damaged_results_are_not_archived(results: Path, tmp_path: Path) -> None:
    (results / "a/x.json").write_text("")
    with pytest.raises(ProvenanceError, match=r"a/x\.json: is empty; run the experiment again"):
        archive(results, tmp_path / "toy.tar.gz")
    assert not (tmp_path / "toy.tar.gz").exists()


def test_results_of_a_run_at_work_are_not_archived(results: Path, tmp_path: Path) -> None:
    with held(results), pytest.raises(ProvenanceError, match="is in use by process"):
        archive(results, tmp_path / "toy.tar.gz")


def test_lock_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ProvenanceError, match=r"file/\.toy\.lock cannot be written \(") as caught,
        held(tmp_path / "file" / "toy"),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_results_are_given_by_their_name(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(results)
    with pytest.raises(ProvenanceError, match="give the folder by its name, results/<experiment>"):
        archive(".", tmp_path / "toy.tar.gz")


def test_no_results(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="no results to archive"):
        archive(tmp_path / "toy", tmp_path / "toy.tar.gz")


def test_archive_inside_the_results_is_refused(results: Path) -> None:
    with pytest.raises(ProvenanceError, match="write the archive elsewhere"):
        archive(results, results / "toy.tar.gz")


def test_results_that_are_there_are_kept(results: Path, tmp_path: Path) -> None:
    archive(results, tmp_path / "toy.tar.gz")
    (results / "a/x.json").write_text("mine")
    with pytest.raises(ProvenanceError, match="has results already"):
        restore(tmp_path / "toy.tar.gz", results.parent)
    assert (results / "a/x.json").read_text() == "mine"


@pytest.mark.parametrize("position", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_damaged_archive(results: Path, tmp_path: Path, damage: str, position: float) -> None:
    file = tmp_path / "toy.tar.gz"
    archive(results, file)
    content = file.read_bytes()
    at = int(len(content) * position)
    flipped = content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]
    file.write_bytes(content[:at] if damage == "truncated" else flipped)
    with pytest.raises(ProvenanceError, match=r"toy\.tar\.gz: "):
        restore(file, tmp_path / "there")
    assert everything(tmp_path / "there") == {}


def test_any_bit_of_an_archive_may_be_flipped(results: Path, tmp_path: Path) -> None:
    """One bit flipped is told in one line, or (in a date, or behind the end) changes nothing."""
    numbers = random.Random(1)
    (results / "logs/long.log").write_text("\n".join(str(numbers.random()) for _ in range(2000)))
    file = tmp_path / "toy.tar.gz"
    archive(results, file)
    content = file.read_bytes()
    told = 0
    for at in range(0, len(content), len(content) // 60):
        flipped = content[at] ^ 1 << numbers.randrange(8)
        file.write_bytes(content[:at] + bytes([flipped]) + content[at + 1 :])
        try:
            restored = restore(file, tmp_path / "there")
        except ProvenanceError as error:
            told += 1
            assert "\n" not in str(error)
        else:
            assert digests(restored) == digests(results)
            shutil.rmtree(restored)
    assert told > 50


@pytest.mark.parametrize(
    "raised",
    [
        *(zlib.error("Error -3"), EOFError("ended"), tarfile.ReadError("no"), OSError("CRC")),
        *(OverflowError("too large"), UnicodeDecodeError("utf-8", b"x", 0, 1, "odd")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_reading_raises_is_told_in_one_line(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    archive(results, tmp_path / "toy.tar.gz")

    def read(*arguments: object) -> None:
        raise raised

    monkeypatch.setattr(tarfile.TarFile, "next", read)
    with pytest.raises(ProvenanceError, match=r"toy\.tar\.gz: cannot be read as an archive"):
        restore(tmp_path / "toy.tar.gz", tmp_path / "there")
    assert everything(tmp_path / "there") == {}


@pytest.mark.parametrize("name", ["absent/x.tgz", "file/x.tgz", "folder"])
def test_archive_that_cannot_be_written(results: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(ProvenanceError, match=rf"{name}: cannot be written \(.*; give a file in"):
        archive(results, tmp_path / name)
    assert not list(tmp_path.glob("*.partial"))


def test_restoring_into_a_file_is_refused(results: Path, tmp_path: Path) -> None:
    archive(results, tmp_path / "toy.tar.gz")
    (tmp_path / "there").touch()
    with pytest.raises(ProvenanceError, match="there: cannot be written"):
        restore(tmp_path / "toy.tar.gz", tmp_path / "there")


def refused(tmp_path: Path, write: Callable[[Path], None], message: str) -> None:
    before = everything(tmp_path)
    file = tmp_path / "hostile.tar.gz"
    write(file)
    with pytest.raises(ProvenanceError, match=message):
        restore(file, tmp_path / "there")
    file.unlink()
    assert everything(tmp_path) == before
    assert not list((tmp_path / "there").glob(".restore-*"))


@pytest.mark.parametrize(
    "name",
    [
        *("../evil", "toy/../../evil", "/tmp/evil", "toy//evil", "toy/./evil", "evil", "toy/"),
        *("Toy/evil", "-toy/evil", ".ssh/evil", "toy/..\\evil", "toy/a\nb/../evil"),
    ],
)
def test_path_that_leads_elsewhere(tmp_path: Path, name: str) -> None:
    refused(tmp_path, lambda file: forge(file, [(name, b"x")]), "a line it must not have")


def test_member_that_is_not_listed(tmp_path: Path) -> None:
    def write(file: Path) -> None:
        forge(file, [("toy/a", b"x"), ("../evil", b"x")], ["0" * 64 + "  toy/a\n"])

    refused(tmp_path, write, "toy/a does not match its checksum")
    refused(
        tmp_path,
        lambda file: forge(file, [("../evil", b"x")], ["0" * 64 + "  toy/a\n"]),
        "is no file that SHA256SUMS lists once",
    )


def test_member_twice(tmp_path: Path) -> None:
    line = f"{hashlib.sha256(b'x').hexdigest()}  toy/a\n"
    refused(tmp_path, lambda file: forge(file, [("toy/a", b"x"), ("toy/a", b"x")], [line]), "once")


def test_missing_member(tmp_path: Path) -> None:
    line = "0" * 64 + "  toy/a\n"
    refused(tmp_path, lambda file: forge(file, [], [line]), "toy/a is missing")


def test_two_experiments(tmp_path: Path) -> None:
    members = [("toy/a", b"x"), ("other/a", b"x")]
    refused(tmp_path, lambda file: forge(file, members), "holds 2 experiments")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices(tmp_path: Path, kind: bytes) -> None:
    def write(file: Path) -> None:
        sums = ("0" * 64 + "  toy/a\n").encode()
        with tarfile.open(file, "w:gz") as packed:
            listed = tarfile.TarInfo(CHECKSUMS)
            listed.size = len(sums)
            packed.addfile(listed, io.BytesIO(sums))
            link = tarfile.TarInfo("toy/a")
            link.type, link.linkname = kind, "../../evil"
            packed.addfile(link)

    refused(tmp_path, write, "is no file that SHA256SUMS lists once")


def test_consistent_checksums_of_altered_results(results: Path, tmp_path: Path) -> None:
    """Whoever rewrites the checksums still has the records against him."""
    members = [
        (f"{EXPERIMENT}/{name}", b"forged" if name == "a/x.json" else content)
        for name, content in everything(results).items()
    ]
    refused(tmp_path, lambda file: forge(file, members), r"toy/a/x\.json was altered or truncated")


@given(content=st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_any_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "x.tar.gz").write_bytes(content)
    with pytest.raises(ProvenanceError):
        restore(folder / "x.tar.gz", folder / "there")


@given(
    names=st.lists(st.text(alphabet="ab./\\\n\0", min_size=1, max_size=12), min_size=1, max_size=3)
)
@settings(max_examples=100, deadline=None)
def test_any_names_stay_inside(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("names")
    forge(folder / "x.tar.gz", [(name, b"x") for name in names])
    with contextlib.suppress(ProvenanceError):
        restore(folder / "x.tar.gz", folder / "deep/there")
    outside = [
        name for name in everything(folder) if not name.startswith(("deep/there/", "x.tar.gz"))
    ]
    assert outside == []
