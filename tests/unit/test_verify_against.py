"""Comparing numbers with a committed reference."""

import shutil
from pathlib import Path

import pytest
from tests.unit import audited_results

from entangled_drums import jsonfile
from entangled_drums.cli import main
from entangled_drums.errors import ProvenanceError
from entangled_drums.provenance.cells import read_rows
from entangled_drums.provenance.compare import compare, read_reference, reference_content

TABLE = "tables/table_s2.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return audited_results.make(tmp_path_factory.mktemp("against"))


@pytest.fixture
def results(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "small"))


@pytest.fixture
def reference(made: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "reference"
    (folder / "tables").mkdir(parents=True)
    shutil.copy(made / TABLE, folder / TABLE)
    tolerance = {"relative": 1e-6, "absolute": 1e-9, "every": 1}
    jsonfile.write(folder / "reference.json", reference_content(made, {TABLE: tolerance}))
    return folder


def test_same_numbers_agree(results: Path, reference: Path) -> None:
    comparison = compare(results, read_reference(reference))
    assert comparison.differences == ()
    assert comparison.numbers == 12
    assert comparison.equal_digests == comparison.digests == 12


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("near,140000.0,0.62,direct,0.8,", "near,140000.0,0.62,direct,0.8000007,", None),
        (
            "near,140000.0,0.62,direct,0.8,",
            "near,140000.0,0.62,direct,0.8000009,",
            "line 2, duan: 0.8000009 - 0.8 = 9.00e-07, allowed 8.01e-07",
        ),
        ("far,140000.0,0.3,direct", "far,140000.0,0.3,emission", "'emission', the reference"),
        ("1.2,0.03", "nan,0.03", "duan: nan - 1.2"),
        ("1.2,0.03", ",0.03", "line 3, duan: '', the reference has '1.2'"),
        ("duan_uncertainty", "duan_error", "other columns: duan_error, duan_uncertainty"),
        ("far,140000.0,0.3,direct,1.2,0.03\n", "", "1 row, the reference has 2"),
    ],
    ids=["within", "beyond", "text", "nan", "empty", "column", "row"],
)
def test_differences_are_named(
    results: Path, reference: Path, old: str, new: str, message: str | None
) -> None:
    text = (results / TABLE).read_text()
    assert text.count(old) >= 1
    (results / TABLE).write_text(text.replace(old, new))
    comparison = compare(results, read_reference(reference))
    assert comparison.equal_digests == comparison.digests - 1
    if message is None:
        assert comparison.differences == ()
    else:
        (difference,) = comparison.differences
        assert message in difference
        assert difference.startswith(TABLE)


def test_rows_between_those_kept_are_not_compared(results: Path, reference: Path) -> None:
    description = jsonfile.read(reference / "reference.json")
    description["tables"][TABLE]["every"] = 2
    jsonfile.write(reference / "reference.json", description)
    text = (reference / TABLE).read_text()
    (reference / TABLE).write_text("".join(text.splitlines(keepends=True)[:2]))
    assert compare(results, read_reference(reference)).differences == ()
    (results / TABLE).write_text(text.replace("1.2,0.03", "9.9,0.03"))
    assert compare(results, read_reference(reference)).differences == ()
    (results / TABLE).write_text(text.replace("0.8,0.02", "9.9,0.02"))
    assert len(compare(results, read_reference(reference)).differences) == 1


def test_missing_table_differs(results: Path, reference: Path) -> None:
    (results / TABLE).unlink()
    (difference,) = compare(results, read_reference(reference)).differences
    assert "cannot be read" in difference


def test_command(
    results: Path,
    reference: Path,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(results)  # not in a checkout, whose code would be compared too
    words = ["verify", str(results), "--against", str(reference)]
    assert main(words) == 0
    assert "12 numbers compared, 0 differ beyond tolerance; 12 of 12 files equal" in (
        capsys.readouterr().out
    )
    path = reference / TABLE
    path.write_text(path.read_text().replace("0.62", "0.63"))
    assert main(words) == 7
    assert "differs: tables/table_s2.csv: line 2, ratio: 0.62 - 0.63" in capsys.readouterr().out


def test_reference_of_another_experiment_is_refused(
    results: Path, reference: Path, capsys: pytest.CaptureFixture
) -> None:
    description = jsonfile.read(reference / "reference.json")
    assert description["experiment"] == "small"
    jsonfile.write(reference / "reference.json", {**description, "experiment": "large"})
    assert main(["verify", str(results), "--against", str(reference)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"entangled-drums: {reference}: is the reference of large, and {results} holds small; "
        "compare results of the same experiment\n"
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("schema", 9),
        ("experiment", None),
        ("digests", []),
        ("tables", []),
        ("tables", {"../x.csv": {"relative": 0.1, "absolute": 0.1, "every": 1}}),
        ("tables", {TABLE: {"relative": 9.0, "absolute": 0.1, "every": 1}}),
        ("tables", {TABLE: {"relative": 0.1, "absolute": 0.1}}),
    ],
)
def test_malformed_reference_is_refused(reference: Path, key: str, value: object) -> None:
    path = reference / "reference.json"
    jsonfile.write(path, {**jsonfile.read(path), key: value})
    with pytest.raises(ProvenanceError, match="malformed"):
        read_reference(reference)


@pytest.mark.parametrize("folder", sorted((audited_results.ROOT / "reference").glob("*")))
def test_committed_reference_is_small_and_complete(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 200_000
    reference = read_reference(folder)
    assert {path.relative_to(folder).as_posix() for path in files} == {
        *reference.tables,
        "reference.json",
    }
    assert all(read_rows(folder / name) for name in reference.tables)
    assert reference.experiment == folder.name


def test_absent_reference_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProvenanceError, match="cannot be read"):
        read_reference(tmp_path)
