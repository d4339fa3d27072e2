"""Results folders come from strangers: whatever stands in them, there is no traceback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit import audited_results

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError, ProvenanceError
from entangled_drums.provenance import lineage
from entangled_drums.provenance.carried import carried_record
from entangled_drums.provenance.cells import find_cell
from entangled_drums.provenance.chain import KEYS
from entangled_drums.provenance.lineage_html import page
from entangled_drums.provenance.lineage_text import tree
from entangled_drums.provenance.manifest import MANIFEST
from entangled_drums.provenance.record import record_identity
from entangled_drums.provenance.verify import verify

NAME = "inference/near/direct.record.json"
MANY = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))

PATHS = st.sampled_from(
    [
        "../../x",
        "/etc/passwd",
        "a\0b",
        "",
        "truth/truth.json",
        "inference/near/direct.json",
        "\u202e",
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
    PATHS,
    st.just("0" * 64),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.one_of(st.text(max_size=5), PATHS), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = audited_results.make(tmp_path_factory.mktemp("strangers"))
    yield Path(shutil.copytree(made, tmp_path_factory.mktemp("strangers") / "small"))


@MANY
@given(key=st.sampled_from(sorted(KEYS)), value=TREES, sound=st.booleans())
def test_any_record(results: Path, key: str, value: object, sound: bool) -> None:
    """One entry of a record is anything at all, with an id that fits it or not."""
    path = results / NAME
    content = path.read_bytes()
    record = {**jsonfile.read(path), key: value}
    try:
        if sound:
            record["id"] = record_identity(record)
        jsonfile.write(path, record)
        assert bool(verify(results).findings) == (path.read_bytes() != content)
        try:
            shown = lineage.trace(lineage.Target(results, "figures/fig4.pdf"))
        except EntangledDrumsError:
            return
        page(shown)
        assert all(line.isprintable() for line in tree(shown).splitlines())
    finally:
        path.write_bytes(content)


@MANY
@given(
    key=st.sampled_from(["records", "artefacts", "config_files", "made", "config", "schema"]),
    value=TREES,
)
def test_any_manifest(results: Path, key: str, value: object) -> None:
    path = results / MANIFEST
    content = path.read_bytes()
    try:
        jsonfile.write(path, {**jsonfile.read(path), key: value})
        assert verify(results).findings
        shown = lineage.trace(lineage.Target(results, "figures/fig4.pdf"))
        page(shown)
        tree(shown)
    finally:
        path.write_bytes(content)


@MANY
@given(
    start=st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"%PDF", b"\x89HDF record_id\0", b"{", b"% record: "]
    ),
    rest=st.binary(max_size=200),
)
def test_any_file_to_trace(results: Path, start: bytes, rest: bytes) -> None:
    path = results.parent / "mailed"
    path.write_bytes(start + rest)
    assert carried_record(path) is None


@MANY
@given(words=st.text(max_size=30))
def test_any_words_for_a_cell(results: Path, words: str) -> None:
    try:
        find_cell(results / "tables/table_s2.csv", words)
    except ProvenanceError as error:
        assert str(error).isprintable()
