"""The wrapper that every job of the workflow runs in.

A script hands :func:`execute` one function. Around it the wrapper opens the log, checks every input
against its producer's record, composes the job's own record, gives the function temporary names to
write to, and only when everything succeeded renames the outputs into place, the record last. A job
that read an undeclared file, ran undeclared code, or left an output unwritten fails, and leaves
nothing behind but its log.
"""

import gc
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from threadpoolctl import threadpool_limits

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError, ProvenanceError
from entangled_drums.provenance.closure import PACKAGE, Library
from entangled_drums.provenance.digest import data_digest, file_digest
from entangled_drums.provenance.record import (
    check_artefact,
    compose,
    record_path,
    relative_name,
    seal,
)
from entangled_drums.provenance.run_lock import check_current
from entangled_drums.provenance.staging import staging_folder
from entangled_drums.provenance.watch import FileWatch

# Libraries are some hundred thousand objects that stay. To look for garbage among them while they
# load, and once more when the process ends (see `execute`), took a fifth of a start.
gc.set_threshold(100_000)

SCRIPT = "script"
RECORDS = "records"
RECORD = "record"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LOGGER = logging.getLogger(PACKAGE)


class JobDescription(Protocol):
    """What the workflow manager tells a script; Snakemake's ``snakemake`` object has this form."""

    rule: str
    input: Any
    output: Any
    params: Any
    log: Any
    config: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """What a script's function is given.

    Attributes
    ----------
    inputs : mapping
        Path, or list of paths, of each declared data input by its name.
    outputs : mapping
        Temporary path to write each output to, by its name; the wrapper renames it.
    settings : mapping
        The rule's own slice of the config, plain built-ins.
    record_id : str
        Identity of this job, to be carried by data files and pictures.
    """

    inputs: Mapping[str, Any]
    outputs: Mapping[str, Path]
    settings: Mapping[str, Any]
    record_id: str


def execute(make: Callable[[Job], None], description: JobDescription) -> None:
    """Run one job of the workflow.

    Parameters
    ----------
    make : callable
        Takes a `Job`, reads its inputs and writes its outputs.
    description : JobDescription
        Named inputs with ``script`` and ``records`` (the records of all inputs that are results),
        named outputs with ``record``, ``params`` with ``settings`` and ``code`` (digest of script
        and imported modules when the run was planned), ``log``, and in ``config`` the
        ``results_dir`` and ``experiment``.

    Raises
    ------
    SystemExit
        With status 1 after any failure. The reason and the log's path go to the terminal.
    """
    log = Path(description.log[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    with _output_into(log) as terminal:
        try:
            with _one_thread():
                _run(make, description)
        except EntangledDrumsError as error:
            LOGGER.error("%s", error)
            _tell(terminal, description.rule, str(error), log)
        except Exception as error:
            LOGGER.error("%s", traceback.format_exc())
            _tell(terminal, description.rule, f"{type(error).__name__}: {error}", log)
        else:
            return
        finally:
            gc.freeze()
    raise SystemExit(1)


def _run(make: Callable[[Job], None], description: JobDescription) -> None:
    results_directory = Path(description.config["results_dir"]) / description.config["experiment"]
    inputs = dict(description.input.items())
    code = [Path(path) for path in Library(_library_folder()).closure(inputs.pop(SCRIPT))]
    records = {Path(path) for path in _as_list(inputs.pop(RECORDS, []))}
    final = {name: Path(path) for name, path in description.output.items()}
    _check_outputs(final, results_directory)

    sources = [Path(path) for value in inputs.values() for path in _as_list(value)]
    settings = description.params["settings"]
    code_digests = {path.as_posix(): file_digest(path) for path in code}
    if data_digest(code_digests) != description.params["code"]:
        raise ProvenanceError("the code changed since the run was planned; run again")
    record = compose(
        rule=description.rule,
        code=code_digests,
        inputs=_input_entries(sources, records, results_directory),
        settings=settings,
    )
    LOGGER.info("%s: record %s", description.rule, record["id"])

    with staging_folder(final[RECORD]) as staging:
        check_current(results_directory)
        temporary = {name: staging / path.name for name, path in final.items()}
        watch = FileWatch()
        make(
            Job(
                inputs={
                    name: Path(value) if isinstance(value, str) else [Path(path) for path in value]
                    for name, value in inputs.items()
                },
                outputs={name: path for name, path in temporary.items() if name != RECORD},
                settings=settings,
                record_id=record["id"],
            )
        )
        watch.stop()
        _check_reading(watch, [*sources, *records, *code, staging, Path(description.log[0])])
        _check_code(code)
        digests = {}
        for name, path in temporary.items():
            if name == RECORD:
                continue
            if not path.is_file() or path.stat().st_size == 0:
                raise ProvenanceError(f"{final[name]}: the job did not write its output {name!r}")
            digests[relative_name(final[name], results_directory)] = file_digest(path)
        opened = watch.opened()
        jsonfile.write(
            temporary[RECORD],
            seal(
                record,
                digests,
                [_name(path, results_directory) for path in sources if path.resolve() in opened],
            ),
        )
        for path in temporary.values():
            _flush_to_disk(path)
        check_current(results_directory)
        # The record comes last: where it stands, every output it lists stands already.
        for name in sorted(final, key=lambda name: name == RECORD):
            os.replace(temporary[name], final[name])


def _input_entries(
    sources: list[Path], records: set[Path], results_directory: Path
) -> dict[str, dict[str, Any]]:
    entries: dict[str, dict[str, Any]] = {}
    for path in sources:
        if not path.is_relative_to(results_directory):
            entries[path.as_posix()] = {"digest": file_digest(path), "record": None}
        elif record_path(path) not in records:
            raise ProvenanceError(
                f"{path}: its record is not among the rule's inputs; "
                f"add {record_path(path)} to `{RECORDS}`"
            )
        else:
            entries[relative_name(path, results_directory)] = check_artefact(
                path, results_directory
            )
    return entries


def _library_folder() -> Path:
    """Return the folder of this package, as records name files: relative to the checkout."""
    folder, checkout = Path(__file__).resolve().parents[2], Path.cwd()
    return folder.relative_to(checkout) if folder.is_relative_to(checkout) else folder


def _check_outputs(final: Mapping[str, Path], results_directory: Path) -> None:
    if RECORD not in final:
        raise ProvenanceError(f"the rule has no output named {RECORD!r}; declare one")
    for name, path in final.items():
        relative_name(path, results_directory)
        if record_path(path) != final[RECORD]:
            raise ProvenanceError(
                f"{path}: output {name!r} must share folder and stem with {final[RECORD]}; "
                f"rename one of them"
            )


def _check_reading(watch: FileWatch, declared: list[Path]) -> None:
    loaded = [Path(file) for module in _own_modules() if (file := module.__file__)]
    # A module may be read from its compiled copy; which modules ran is checked on its own.
    compiled = [path.parent / "__pycache__" for path in loaded]
    undeclared = watch.undeclared([*declared, *loaded, *compiled])
    if undeclared:
        names = ", ".join(str(path) for path in undeclared[:3])
        raise ProvenanceError(
            f"the job opened undeclared files: {names}; declare them as inputs of the rule"
        )
    if watch.forbidden:
        raise ProvenanceError(
            f"the job started something whose reading cannot be seen: {watch.forbidden[0]}; "
            "do it inside the library"
        )


def _check_code(code: list[Path]) -> None:
    declared = {path.resolve() for path in code}
    for module in _own_modules():
        if Path(module.__file__ or "").resolve() not in declared:
            raise ProvenanceError(
                f"the job ran undeclared code: module {module.__name__}; import it by its name "
                "so that the import closure finds it"
            )


def _own_modules() -> list[ModuleType]:
    return [
        module
        for name, module in sorted(sys.modules.items())
        if name.split(".", 1)[0] == PACKAGE and getattr(module, "__file__", None)
    ]


def _name(path: Path, results_directory: Path) -> str:
    if path.is_relative_to(results_directory):
        return path.relative_to(results_directory).as_posix()
    return path.as_posix()


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _flush_to_disk(path: Path) -> None:
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Pin numerical libraries to one thread: threads change the last bits of a result."""
    for variable in THREAD_VARIABLES:  # for libraries that are loaded later
        os.environ[variable] = "1"
    with threadpool_limits(limits=1):  # for those that are loaded already
        yield


@contextmanager
def _output_into(log: Path) -> Iterator[int]:
    """Send standard output and error, Python's and C's, to the log; yield the old error stream."""
    sys.stdout.flush()
    sys.stderr.flush()
    terminal = os.dup(2)
    output = os.dup(1)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        LOGGER.addHandler(handler)
        LOGGER.setLevel(logging.INFO)
        yield terminal
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        LOGGER.removeHandler(handler)
        os.dup2(output, 1)
        os.dup2(terminal, 2)
        for open_descriptor in (descriptor, output, terminal):
            os.close(open_descriptor)


def _tell(terminal: int, rule: str, message: str, log: Path) -> None:
    line = " ".join(message.split())
    os.write(terminal, f"{rule}: {line}\n  log: {log}\n".encode())
