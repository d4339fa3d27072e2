"""Command line: ``entangled-drums COMMAND``."""

import argparse
import os
import re
import sys
from collections.abc import Sequence

from entangled_drums import __version__
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.wording import escaped


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; the process's own by default.

    Returns
    -------
    int
        0, or 1 after an error, which is told in one line; some commands return others, to
        script with (docs/audit.md).
    """
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except EntangledDrumsError as error:
        print(f"entangled-drums: {escaped(str(error))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="entangled-drums", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    clean = commands.add_parser("clean", help="delete an experiment's results")
    clean.add_argument("folder", help="results/<experiment>")
    clean.add_argument("--yes", action="store_true", help="do not ask")

    check = commands.add_parser("check-recording", help="say what is wrong with recordings")
    check.add_argument("files", nargs="+", metavar="FILE")

    trace = commands.add_parser("trace", help="show where a result or a number comes from")
    trace.add_argument("target", help="a result, a copy of one, or a name such as fig4")
    trace.add_argument("cell", nargs="?", help='in a table: "duan, 140 kHz, x=0.62, direct"')
    trace.add_argument("--results", metavar="FOLDER", help="results/<experiment> to look in")
    trace.add_argument("--one-step", action="store_true", help="only the job that made it")
    form = trace.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument("--html", metavar="FILE", help="write a page with a picture")

    verify = commands.add_parser("verify", help="recompute every digest along every chain")
    verify.add_argument("folder", nargs="?", default="results/aalto-2018")
    verify.add_argument(
        "--root", metavar="DIGEST", type=_root_digest, help="root digest that was noted down"
    )
    verify.add_argument("--against", metavar="FOLDER", help="compare with reference numbers")
    verify.add_argument("--checkout", metavar="FOLDER", help="code and config to compare with")

    compare = commands.add_parser("compare", help="set the results of two experiments side by side")
    compare.add_argument("first", help="results/<experiment>")
    compare.add_argument("second", help="results/<another experiment>")
    compare.add_argument("--write", metavar="FOLDER", help="write table and picture into it")

    crate = commands.add_parser("crate", help="pack a run as a Workflow Run RO-Crate")
    crate.add_argument("folder", nargs="?", default="results/aalto-2018")
    crate.add_argument("file", nargs="?", help="zip file to write (default: in the folder)")
    crate.add_argument("--checkout", default=".", metavar="FOLDER", help="where the run was made")

    doctor = commands.add_parser("doctor", help="check the environment, with a cure for each fault")
    doctor.add_argument("--results", default="results", metavar="FOLDER")

    archive = commands.add_parser("archive", help="pack an experiment's results into one file")
    archive.add_argument("folder", help="results/<experiment>")
    archive.add_argument("file", metavar="FILE.tar.gz")

    restore = commands.add_parser("restore", help="unpack archived results, all checksums verified")
    restore.add_argument("file", metavar="FILE.tar.gz")
    restore.add_argument("results", help="folder of all results; prints the experiment's name")
    return parser


def _root_digest(text: str) -> str:
    from entangled_drums.provenance.verify import LEAST_ROOT_DIGITS

    if not re.fullmatch(f"[0-9a-fA-F]{{{LEAST_ROOT_DIGITS},64}}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no root digest; write at least {LEAST_ROOT_DIGITS} hexadecimal digits of "
            "the one that was noted down"
        )
    return text


def _run(options: argparse.Namespace) -> int:
    # Commands are imported when they are asked for: `--help` should not wait for numpy.
    if options.command == "clean":
        from entangled_drums.commands.clean import clean

        clean(options.folder, options.yes)
    elif options.command == "check-recording":
        from entangled_drums.commands.check_recording import check_recordings

        check_recordings(options.files)
    elif options.command == "trace":
        from entangled_drums.commands.trace import trace

        return trace(
            options.target,
            options.cell,
            options.results,
            step=options.one_step,
            as_json=options.json,
            html=options.html,
        )
    elif options.command == "verify":
        from entangled_drums.commands.verify import verify

        return verify(options.folder, options.root, options.against, options.checkout)
    elif options.command == "compare":
        from entangled_drums.commands.compare import compare

        compare(options.first, options.second, options.write)
    elif options.command == "crate":
        from entangled_drums.commands.crate import crate

        return crate(options.folder, options.file, options.checkout)
    elif options.command == "doctor":
        from entangled_drums.commands.doctor import doctor

        return doctor(options.results)
    elif options.command == "archive":
        from entangled_drums.commands.archive import archive

        archive(options.folder, options.file)
    elif options.command == "restore":
        from entangled_drums.commands.archive import restore

        restore(options.file, options.results)
    return 0
