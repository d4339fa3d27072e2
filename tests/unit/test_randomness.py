"""Streams depend on names only, and different names give independent streams."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from entangled_drums import randomness
from entangled_drums.errors import ParameterError


def test_root_seed_is_the_hash_of_the_name():
    assert randomness.root_seed("toy") == hashlib.sha256(b"toy").hexdigest()


def test_a_stream_does_not_depend_on_order_or_process():
    root = randomness.root_seed("toy")
    expected = randomness.stream(root, "emission", "reference-x620").random(3).tolist()
    randomness.stream(root, "truth").random(100)
    assert randomness.stream(root, "emission", "reference-x620").random(3).tolist() == expected
    program = (
        "from entangled_drums import randomness as r\n"
        "g = r.stream(r.root_seed('toy'), 'emission', 'reference-x620')\n"
        "print(*g.random(3).tolist())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, env=environment, capture_output=True, text=True
    ).stdout
    assert [float(number) for number in printed.split()] == expected


def test_splitting_names_differently_gives_different_streams():
    streams = [
        ("toy", "ab", "c"),
        ("toy", "a", "bc"),
        ("toy", "abc"),
        ("toya", "b", "c"),
        ("toy", "a", "b", "c"),
    ]
    firsts = {randomness.stream(*names).random() for names in streams}
    assert len(firsts) == len(streams)


def test_streams_of_neighbouring_indices_are_uncorrelated():
    """|r| of 20000 pairs exceeds 4.5/sqrt(20000) once in 1.5e5 tests (fixed names)."""
    first, second = (
        randomness.stream("root", "replica", str(index)).standard_normal(20000)
        for index in range(2)
    )
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.5 / np.sqrt(20000)


def test_numbers_as_index_are_refused():
    with pytest.raises(ParameterError, match="stream index 3 is not a string; write str\\(3\\)"):
        randomness.stream("root", "replica", 3)
    with pytest.raises(ParameterError, match="give the experiment's name"):
        randomness.root_seed("")
