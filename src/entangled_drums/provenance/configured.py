"""Results that were made with another config than the one that stands in the checkout now."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from entangled_drums import jsonfile
from entangled_drums.configuration.experiment import load_experiment
from entangled_drums.errors import ConfigurationError, EntangledDrumsError
from entangled_drums.provenance.chain import Chain
from entangled_drums.provenance.manifest import RESOLVED
from entangled_drums.provenance.verify import STALE, Finding


def stale_config(chain: Chain, checkout: Path) -> list[Finding]:
    """Compare the config that results were made with to that of a checkout.

    Parameters
    ----------
    chain : Chain
    checkout : Path

    Returns
    -------
    list of Finding
        One for each result that used a key whose value is another now.
    """
    try:
        before = jsonfile.read(chain.folder / RESOLVED)["experiment"]
        name = before["name"]
    except (OSError, EntangledDrumsError, KeyError, TypeError):
        return []  # missing or damaged, which is a finding already
    try:
        now = load_experiment(
            checkout / "config" / "experiments" / f"{name}.yaml",
            schema_directory=checkout / "workflow" / "schemas",
            device_directory=checkout / "config" / "devices",
        )
    except ConfigurationError as error:
        return [Finding(f"config/experiments/{name}.yaml", STALE, str(error))]
    except KeyError as error:
        reason = f"this program needs {error}, which the schema of that checkout does not know"
        return [Finding("workflow/schemas", STALE, reason)]
    changed = sorted(set(_differences(before, now)))
    findings = []
    for content in chain.records.values():
        keys = content["settings"].get("config_keys")
        used = [
            key
            for key in changed
            if any(_overlap(key, item) for item in keys or () if isinstance(item, str))
        ]
        if used:
            reason = f"made with another config: {', '.join(used[:3])}"
            findings += [Finding(output, STALE, reason) for output in content["outputs"]]
    return findings


def _differences(before: Any, now: Any, key: str = "") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({*before, *now}):
            inner = f"{key}.{name}" if key else name
            if name not in before or name not in now:
                yield inner
            else:
                yield from _differences(before[name], now[name], inner)
    elif before != now:
        yield key


def _overlap(first: str, second: str) -> bool:
    return first == second or first.startswith(f"{second}.") or second.startswith(f"{first}.")
