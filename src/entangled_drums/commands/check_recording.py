"""Say what is wrong with recordings, where, and how to mend it."""

from collections.abc import Sequence

from entangled_drums import recording_import, recording_quality
from entangled_drums.errors import EntangledDrumsError, RecordingError


def check_recordings(files: Sequence[str]) -> None:
    """Check recordings and print at least one line for each.

    Parameters
    ----------
    files : sequence of str
        Recordings to check: netCDF, or settings files (.yaml) with a table beside them.

    Raises
    ------
    RecordingError
        If at least one of them is not valid, or doubtful; all are checked first.
    """
    faulty = 0
    for path in files:
        try:
            dataset = recording_import.read(path)
        except OSError as error:
            place = error.filename or path
            print(f"{place}: cannot be read ({error.strerror or error}); check the path")
            faulty += 1
            continue
        except EntangledDrumsError as error:
            print(error)
            faulty += 1
            continue
        found = recording_quality.findings(dataset)
        for one in found:
            print(f"{path}: doubtful: {one}")
        faulty += bool(found)
        if not found:
            sizes = ", ".join(f"{size} {name}" for name, size in dataset.sizes.items())
            origin, kind = dataset.attrs["origin"], dataset.attrs["kind"]
            print(f"{path}: valid {kind} recording, {origin} ({sizes})")
    if faulty:
        raise RecordingError(f"{faulty} of {len(files)} recordings not valid or doubtful")
