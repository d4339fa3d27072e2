"""Say what is wrong with recordings, where, and how to mend it."""

from collections.abc import Sequence

from entangled_drums import recording
from entangled_drums.errors import EntangledDrumsError, RecordingError


def check_recordings(files: Sequence[str]) -> None:
    """Check recordings and print one line for each.

    Parameters
    ----------
    files : sequence of str
        Recordings to check.

    Raises
    ------
    RecordingError
        If at least one of them is not a valid recording; all are checked first.
    """
    faulty = 0
    for path in files:
        try:
            dataset = recording.read(path)
        except OSError as error:
            print(f"{path}: cannot be read ({error.strerror}); check the path")
        except EntangledDrumsError as error:
            print(error)
        else:
            sizes = ", ".join(f"{size} {name}" for name, size in dataset.sizes.items())
            print(f"{path}: valid {dataset.attrs['kind']} recording ({sizes})")
            continue
        faulty += 1
    if faulty:
        raise RecordingError(f"{faulty} of {len(files)} recordings not valid")
