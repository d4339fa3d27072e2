"""The job wrapper: each promise of the contract, each with the breach that it must notice.

Every job runs in a process of its own, as in the workflow: an audit hook cannot be removed.
"""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from entangled_drums.provenance.digest import file_digest
from entangled_drums.provenance.record import check_artefact, read_record

SOURCE = Path(__file__).resolve().parents[2] / "src"

PREAMBLE = """
import json, sys
from types import SimpleNamespace as Namespace
from entangled_drums.provenance.closure import Library
from entangled_drums.provenance.digest import data_digest, file_digest
from pathlib import Path

class Named(dict):
    def __getattr__(self, name):
        return self[name]

def description(rule, inputs, outputs, settings):
    code = Library({source!r}).closure(__file__)
    return Namespace(
        rule=rule,
        input={{"script": __file__, **inputs}},
        output=outputs,
        params=Named(settings=settings, code=data_digest({{p: file_digest(p) for p in code}})),
        log=[f"out/toy/logs/{{rule}}.log"],
        config={{"results_dir": "out", "experiment": "toy"}},
    )
"""

PRODUCER = """
from entangled_drums.provenance.job import execute
def make(job):
    Path(job.outputs["data"]).write_text("numbers of " + job.record_id)
execute(make, description("produce", {}, {"data": "out/toy/a/x.txt", "record":
    "out/toy/a/x.record.json"}, {"seed": 1}))
"""

CONSUMER = """
from entangled_drums.provenance.job import execute
def make(job):
    text = Path(job.inputs["data"]).read_text()
    Path(job.outputs["copy"]).write_text(text.upper())
execute(make, description("consume", {"data": "out/toy/a/x.txt", "records":
    ["out/toy/a/x.record.json"]}, {"copy": "out/toy/b/y.txt", "record":
    "out/toy/b/y.record.json"}, {"gain": 2.0}))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(body: str, name: str = "job.py") -> subprocess.CompletedProcess:
    Path(name).write_text(PREAMBLE.format(source=str(SOURCE)) + textwrap.dedent(body))
    for folder in ("a", "b"):
        Path("out/toy", folder).mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [sys.executable, name],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )


def refused(body: str, *words: str) -> str:
    """Run a job that must fail: its message is short, names the log, and nothing is left."""
    before = sorted(Path("out/toy/b").glob("*")) if Path("out/toy/b").exists() else []
    finished = run(body, "consumer.py")
    assert finished.returncode == 1, finished.stderr
    lines = finished.stderr.strip().splitlines()
    assert len(lines) == 2, finished.stderr
    assert lines[1].strip().startswith("log: out/toy/logs/")
    assert Path(lines[1].split("log: ")[1]).stat().st_size > 0
    for word in words:
        assert word in lines[0]
    left = sorted(Path("out/toy/b").glob(".*")) + sorted(Path("out/toy/b").glob("*"))
    assert left == before
    return lines[0]


def produce_and_consume() -> None:
    for body, name in ((PRODUCER, "producer.py"), (CONSUMER, "consumer.py")):
        finished = run(body, name)
        assert finished.returncode == 0, finished.stderr


def test_record_stands_beside_the_result_and_fits_it() -> None:
    produce_and_consume()
    record = read_record("out/toy/b/y.record.json")
    producer = read_record("out/toy/a/x.record.json")
    assert record["rule"] == "consume"
    assert record["settings"] == {"gain": 2.0}
    assert record["inputs"] == {
        "a/x.txt": {"digest": file_digest("out/toy/a/x.txt"), "record": producer["id"]}
    }
    assert record["outputs"] == {"b/y.txt": file_digest("out/toy/b/y.txt")}
    assert record["opened"] == ["a/x.txt"]
    assert producer["id"].upper() in Path("out/toy/b/y.txt").read_text()
    assert record["code"][str(Path("consumer.py").absolute())] == file_digest("consumer.py")
    assert check_artefact("out/toy/b/y.txt", "out/toy")["record"] == record["id"]


def test_same_job_gives_the_same_record() -> None:
    produce_and_consume()
    first = Path("out/toy/b/y.record.json").read_bytes()
    produce_and_consume()
    assert Path("out/toy/b/y.record.json").read_bytes() == first


@pytest.mark.parametrize(
    ("old", "new"),
    [('{"gain": 2.0}', '{"gain": 3.0}'), ("text.upper()", "text.lower()"), ("consume", "devour")],
    ids=["settings", "code", "rule"],
)
def test_identity_follows_all_that_determines_a_result(old: str, new: str) -> None:
    produce_and_consume()
    identity = read_record("out/toy/b/y.record.json")["id"]
    assert run(CONSUMER.replace(old, new), "consumer.py").returncode == 0
    assert read_record("out/toy/b/y.record.json")["id"] != identity


@pytest.mark.parametrize("date", ["old", "new"])
@pytest.mark.parametrize("damage", ["truncated", "empty", "altered", "missing"])
def test_damaged_input_is_refused_whatever_its_date(damage: str, date: str) -> None:
    run(PRODUCER, "producer.py")
    path = Path("out/toy/a/x.txt")
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(
            {
                "truncated": content[:-3],
                "empty": b"",
                "altered": content[:-1] + b"?",
            }[damage]
        )
        when = 0 if date == "old" else 4e9
        os.utime(path, (when, when))
    message = refused(CONSUMER, "out/toy/a/x.txt", "delete out/toy/a/x.* and run again")
    assert {"empty": "is empty", "missing": "cannot be read"}.get(damage, "altered") in message


@pytest.mark.parametrize("damage", ["missing", "truncated", "forged"])
def test_damaged_record_is_refused(damage: str) -> None:
    run(PRODUCER, "producer.py")
    path = Path("out/toy/a/x.record.json")
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        record = json.loads(path.read_text())
        record["settings"] = {"seed": 2}
        path.write_text(json.dumps(record))
    refused(CONSUMER, "out/toy/a/x.record.json", "delete out/toy/a/x.* and run again")


def test_input_without_declared_record_is_refused() -> None:
    run(PRODUCER, "producer.py")
    refused(
        CONSUMER.replace('["out/toy/a/x.record.json"]', "[]"),
        "out/toy/a/x.txt",
        "add out/toy/a/x.record.json to `records`",
    )


def test_source_outside_the_results_needs_no_record() -> None:
    Path("given.csv").write_text("1,2\n")
    finished = run(
        CONSUMER.replace('"out/toy/a/x.txt"', '"given.csv"').replace(
            '["out/toy/a/x.record.json"]', "[]"
        ),
        "consumer.py",
    )
    assert finished.returncode == 0, finished.stderr
    assert read_record("out/toy/b/y.record.json")["inputs"] == {
        "given.csv": {"digest": file_digest("given.csv"), "record": None}
    }


@pytest.mark.parametrize(
    "reading",
    [
        'open("out/toy/truth.json").read()',
        'Path("secret.json").read_bytes()',
        'import os; os.read(os.open("secret.json", os.O_RDONLY), 9)',
        'import numpy; numpy.loadtxt("out/toy/truth.json")',
        'Path("link").symlink_to("secret.json"); Path("link").read_text()',
        'open("../secret-outside.json").read()',
    ],
)
def test_undeclared_file_is_caught(reading: str) -> None:
    run(PRODUCER, "producer.py")
    Path("secret.json").write_text("1")
    Path("out/toy/truth.json").write_text("1")
    Path("../secret-outside.json").write_text("1")
    refused(
        CONSUMER.replace("    text =", f"    {reading}\n    text ="),
        "opened undeclared files",
        "secret" if "secret" in reading else "truth.json",
    )


@pytest.mark.parametrize(
    "way", ['import subprocess; subprocess.run(["true"])', 'import os; os.system("true")']
)
def test_other_programs_are_refused(way: str) -> None:
    run(PRODUCER, "producer.py")
    refused(CONSUMER.replace("    text =", f"    {way}\n    text ="), "reading cannot be seen")


def test_scratch_file_of_its_own_is_allowed() -> None:
    run(PRODUCER, "producer.py")
    scratch = 'Path("scratch").write_text("1"); Path("scratch").read_text()'
    finished = run(CONSUMER.replace("    text =", f"    {scratch}\n    text ="), "consumer.py")
    assert finished.returncode == 0, finished.stderr


def test_undeclared_code_is_caught() -> None:
    run(PRODUCER, "producer.py")
    dynamic = 'import importlib; importlib.import_module("entangled_drums." + "units")'
    refused(
        CONSUMER.replace("    text =", f"    {dynamic}\n    text ="),
        "undeclared code",
        "entangled_drums.units",
    )


def test_code_edited_during_the_run_is_caught() -> None:
    run(PRODUCER, "producer.py")
    refused(
        CONSUMER.replace(
            'execute(make, description("consume"',
            'import dataclasses\ndef edited(*a):\n    d = description(*a)\n    d.params["code"] = '
            '"0" * 64\n    return d\nexecute(make, edited("consume"',
        ),
        "changed since the run was planned",
    )


@pytest.mark.parametrize(
    "write", ["pass", 'Path(job.outputs["copy"]).write_text("")'], ids=["absent", "empty"]
)
def test_unwritten_output_is_an_error(write: str) -> None:
    run(PRODUCER, "producer.py")
    refused(
        CONSUMER.replace('Path(job.outputs["copy"]).write_text(text.upper())', write),
        "out/toy/b/y.txt",
        "did not write its output 'copy'",
    )


def test_failure_leaves_the_old_result_and_shows_its_cause() -> None:
    produce_and_consume()
    before = Path("out/toy/b/y.txt").read_bytes()
    message = refused(CONSUMER.replace("    text =", "    1 / 0\n    text ="), "ZeroDivisionError")
    assert message.startswith("consume: ")
    assert Path("out/toy/b/y.txt").read_bytes() == before
    assert "Traceback" in Path("out/toy/logs/consume.log").read_text()


def test_user_error_is_one_line_without_traceback() -> None:
    run(PRODUCER, "producer.py")
    raising = (
        "    from entangled_drums.errors import RecordingError\n"
        '    raise RecordingError("x.nc: power is negative; mend it")\n'
    )
    message = refused(CONSUMER.replace("    text =", raising + "    text ="))
    assert message == "consume: x.nc: power is negative; mend it"
    assert "Traceback" not in Path("out/toy/logs/consume.log").read_text()


def test_outputs_must_share_the_stem_of_the_record() -> None:
    run(PRODUCER, "producer.py")
    refused(CONSUMER.replace("b/y.txt", "b/z.txt"), "out/toy/b/z.txt", "stem")


def test_output_outside_the_results_is_refused() -> None:
    run(PRODUCER, "producer.py")
    refused(CONSUMER.replace("out/toy/b/y.txt", "elsewhere/y.txt"), "elsewhere/y.txt", "outside")


def test_what_the_job_prints_is_in_the_log_and_not_on_the_terminal() -> None:
    run(PRODUCER, "producer.py")
    noisy = 'print("to the log"); import os; os.write(2, b"from C\\n")'
    finished = run(CONSUMER.replace("    text =", f"    {noisy}\n    text ="), "consumer.py")
    assert finished.returncode == 0
    assert finished.stdout == finished.stderr == ""
    log = Path("out/toy/logs/consume.log").read_text()
    assert "to the log" in log
    assert "from C" in log


def test_killed_job_leaves_no_result_and_the_next_run_is_clean() -> None:
    run(PRODUCER, "producer.py")
    deadly = 'Path(job.outputs["copy"]).write_text("half"); import os, signal\n'
    deadly += "    os.kill(os.getpid(), signal.SIGKILL)"
    finished = run(CONSUMER.replace("    text =", f"    {deadly}\n    text ="), "consumer.py")
    assert finished.returncode == -9
    assert not Path("out/toy/b/y.txt").exists()
    assert not Path("out/toy/b/y.record.json").exists()
    assert run(CONSUMER, "consumer.py").returncode == 0
    assert sorted(path.name for path in Path("out/toy/b").iterdir()) == [
        "y.record.json",
        "y.txt",
    ]


def test_numerical_libraries_use_one_thread() -> None:
    finished = run(
        PRODUCER.replace(
            "    Path(",
            "    import numpy, scipy.linalg, threadpoolctl\n"
            "    scipy.linalg.solve(numpy.eye(2), numpy.ones((2, 2)))\n"
            "    assert {p['num_threads'] for p in threadpoolctl.threadpool_info()} <= {1}\n"
            "    Path(",
            1,
        ),
        "producer.py",
    )
    assert finished.returncode == 0, finished.stderr
