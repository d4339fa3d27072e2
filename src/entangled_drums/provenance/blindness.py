"""Proof that the analysis never saw the truth.

The simulated laboratory draws its true device once; a real experiment has no such file. So nothing
that is calibrated, inferred or judged may depend on it, except through the recordings, which are
all that a receiver would have stored. This module proves that from the records, in which each job
says what it was given and what it really opened:

- no path leads from a protected result to the truth, unless through a recording;
- no protected job, nor any job it depends on up to the recordings, was given a copy of the truth;
- no number in their settings is one of the truth's numbers.

What this cannot see is a number derived from the truth and written into the config by hand. The
tests therefore also replace the truth by nonsense, beside the same recordings, and compare bytes.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.errors import EntangledDrumsError
from entangled_drums.provenance.chain import Chain

TRUTH = "truth/"
PROTECTED = ("calibration/", "inference/", "verdict/")
"""Folders whose results must not depend on the truth."""

DOORWAY = "recordings/"
"""What is made here from the truth may be read: it is what a receiver would have stored."""

EXEMPT = ("coverage/", "figures/")
"""Folders that may show the truth; so nothing protected may depend on them either."""

CLOSENESS = 1e-4
"""A number this close to the truth, in units of the device file's uncertainty, was taken from it:
by chance that happens to one parameter in ten thousand."""

_NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?")


def protected(chain: Chain) -> list[str]:
    """Return the records of all protected results, sorted."""
    return sorted(name for name in chain.records if name.startswith(PROTECTED))


def violations(chain: Chain) -> list[str]:
    """Return how the analysis could have seen the truth.

    Parameters
    ----------
    chain : Chain

    Returns
    -------
    list of str
        One line for each way, empty if there is none.
    """
    found: dict[str, None] = {}
    secrets = _secrets(chain)
    copies = {
        digest: name
        for record, content in chain.records.items()
        if record.startswith(TRUTH)
        for name, digest in content["outputs"].items()
    }
    for start in protected(chain):
        steps = chain.ancestors(start, passes=lambda name: not name.startswith(DOORWAY))
        for name in sorted(steps):
            if name.startswith((TRUTH, *EXEMPT)):
                found[f"{_way(start, name, steps)}: reads {name.split('/')[0]}/"] = None
        judged = [start, *(name for name in sorted(steps) if not name.startswith(DOORWAY))]
        for name in judged:
            if name.startswith((TRUTH, *EXEMPT)):
                continue
            for path, entry in chain.records[name]["inputs"].items():
                if path not in chain.producers and entry["digest"] in copies:
                    found[f"{name}: was given {path}, a copy of {copies[entry['digest']]}"] = None
            for key, number in _numbers(chain.records[name]["settings"]):
                for secret, (value, uncertainty, nominal) in secrets.items():
                    if number != nominal and abs(number - value) <= CLOSENESS * uncertainty:
                        found[f"{name}: its setting {key} is {number!r}, the true {secret}"] = None
    return list(found)


def _way(start: str, end: str, steps: Mapping[str, str]) -> str:
    way = [end]
    while way[-1] != start:
        way.append(steps[way[-1]])
    return " <- ".join(reversed(way))


def _secrets(chain: Chain) -> dict[str, tuple[float, float, float]]:
    """True values that differ from the nominal ones: (value, uncertainty, nominal value)."""
    secrets = {}
    for record in chain.records:
        if not record.startswith(TRUTH):
            continue
        settings = chain.records[record]["settings"]
        nominal, uncertain = settings.get("device"), settings.get("uncertainties")
        if not isinstance(nominal, dict) or not isinstance(uncertain, dict):
            continue
        for name in chain.records[record]["outputs"]:
            for key, value in _truth_values(chain, name):
                uncertainty: Any = uncertain.get(key)
                if _is_number(uncertainty) and uncertainty > 0 and _is_number(nominal.get(key)):
                    secrets[key] = (value, uncertainty, nominal[key])
    return secrets


def _truth_values(chain: Chain, name: str) -> Iterator[tuple[str, float]]:
    if not name.endswith(".json"):
        return
    try:
        values = jsonfile.read(chain.folder / name).get("values")
    except (OSError, EntangledDrumsError):
        return  # damaged, which is reported elsewhere
    if isinstance(values, dict):
        yield from ((key, value) for key, value in values.items() if _is_number(value))


def _numbers(value: Any, key: str = "") -> Iterator[tuple[str, float]]:
    """All numbers in settings, also those written in strings, with their dotted keys."""
    if _is_number(value):
        yield key, value
    elif isinstance(value, str):
        for text in _NUMBER.findall(value):
            number = float(text)
            if math.isfinite(number):
                yield key, number
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _numbers(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(item, f"{key}[{index}]")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
