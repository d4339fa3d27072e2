"""Command line: ``entangled-drums COMMAND``."""

import argparse
import sys
from collections.abc import Sequence

from entangled_drums import __version__
from entangled_drums.errors import EntangledDrumsError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after the program's name; the process's own by default.

    Returns
    -------
    int
        0, or 1 after an error, which is told in one line.
    """
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except EntangledDrumsError as error:
        print(f"entangled-drums: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="entangled-drums", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    clean = commands.add_parser("clean", help="delete an experiment's results")
    clean.add_argument("folder", help="results/<experiment>")
    clean.add_argument("--yes", action="store_true", help="do not ask")

    check = commands.add_parser("check-recording", help="say what is wrong with recordings")
    check.add_argument("files", nargs="+", metavar="FILE")
    return parser


def _run(options: argparse.Namespace) -> None:
    # Commands are imported when they are asked for: `--help` should not wait for numpy.
    if options.command == "clean":
        from entangled_drums.commands.clean import clean

        clean(options.folder, options.yes)
    elif options.command == "check-recording":
        from entangled_drums.commands.check_recording import check_recordings

        check_recordings(options.files)
