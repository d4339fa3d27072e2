"""Random numbers that depend on what is drawn, never on when or where a job runs.

One root seed per experiment (the hash of its name); every dataset derives its own stream from the
root, its own name and its index. Streams of different names are independent.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from entangled_drums.errors import ParameterError


def root_seed(experiment: str) -> str:
    """Return the root seed of an experiment.

    Parameters
    ----------
    experiment : str
        Name of the experiment.

    Returns
    -------
    str
        SHA-256 of the name, 64 hexadecimal digits.

    Raises
    ------
    ParameterError
        If the name is empty or not a string.
    """
    if not isinstance(experiment, str) or not experiment:
        raise ParameterError(f"experiment: {experiment!r} given; give the experiment's name")
    return hashlib.sha256(experiment.encode("utf-8")).hexdigest()


def stream(root: str, dataset: str, *index: str) -> np.random.Generator:
    """Return the random generator of one dataset.

    Parameters
    ----------
    root : str
        Root seed, see `root_seed`.
    dataset : str
        What is drawn, for example ``"truth"`` or ``"emission"``.
    *index : str
        Further strings that tell repetitions apart, for example an operating point's id.

    Returns
    -------
    numpy.random.Generator
        Philox generator; the same strings always give the same stream.

    Raises
    ------
    ParameterError
        If an argument is not a string (numbers would hash differently by type).
    """
    names = (root, dataset, *index)
    for name in names:
        if not isinstance(name, str):
            raise ParameterError(f"stream index {name!r} is not a string; write str({name!r})")
    # Each part is hashed on its own, so that ("ab", "c") and ("a", "bc") are different streams.
    digests = b"".join(hashlib.sha256(name.encode("utf-8")).digest() for name in names)
    entropy = int.from_bytes(hashlib.sha256(digests).digest(), "big")
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))


def job_stream(seed: Mapping[str, Any]) -> np.random.Generator:
    """Return the random generator of a job, from the entry ``seed`` of its settings.

    Parameters
    ----------
    seed : mapping
        ``root``: name of the experiment; ``dataset``: what is drawn; ``index``: list of strings
        that tell repetitions apart.

    Returns
    -------
    numpy.random.Generator
    """
    return stream(root_seed(seed["root"]), seed["dataset"], *seed["index"])
