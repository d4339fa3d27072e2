"""Every assumption behind a result: each parameter with what is known of it, and the rest in words.

The unit of a parameter ends its name, as everywhere in the config.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from entangled_drums.markup import text
from entangled_drums.tables.printed import shown
from entangled_drums.tables.rounding import round_by_uncertainty

_UNITS = {"hz": "Hz", "k": "K", "m": "m", "s": "s"}
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n"))


@dataclass(frozen=True)
class Assumption:
    """One parameter.

    Attributes
    ----------
    key : str
        Where it stands in the config.
    value : str
        With uncertainty and unit.
    status : str
        ``assumed``, ``sourced``, or how far else it can be trusted.
    source : str
    """

    key: str
    value: str
    status: str
    source: str


def assumptions(
    device: Mapping[str, Any],
    drive: Mapping[str, Any],
    laboratory: Mapping[str, Any],
    model: Mapping[str, Any],
    comparison: Mapping[str, Any],
) -> list[Assumption]:
    """List every number that was put in rather than measured here.

    Parameters
    ----------
    device : mapping
        Resolved device file.
    drive : mapping
        Drive of the experiment.
    laboratory : mapping
        What the simulated laboratory does besides; empty if the recordings were not simulated.
        What is switched off is left out.
    model : mapping
        What the analysis takes into account, by the same names.
    comparison : mapping
        Published values that are shown beside the results.

    Returns
    -------
    list of Assumption
        In this order.
    """
    return [
        *_parameters(device, ""),
        *_settings(drive, "drive.", "chosen", "setting of the experiment file"),
        *(
            assumption
            for key, value in laboratory.items()
            if _is_on(key, laboratory)
            for assumption in _settings(
                {key: value},
                "laboratory.",
                "simulated",
                "set in the simulated laboratory; the analysis "
                + ("models it" if model.get(key) else "is not told"),
            )
        ),
        *_parameters(comparison, "comparison."),
    ]


def quantity(key: str, value: float, uncertainty: float) -> str:
    """Return a number in print: rounded by its uncertainty, with the unit that ends its name.

    Parameters
    ----------
    key : str
        Such as ``frequency_hz``.
    value, uncertainty : float
        One standard deviation; 0 where there is none.

    Returns
    -------
    str
        Such as "1.130 ± 0.023 MHz".
    """
    unit = _UNITS.get(key.rsplit("_", 1)[-1], "")
    factor, prefix = 1.0, ""
    if unit and value:
        factor, prefix = next((pair for pair in _PREFIXES if abs(value) >= pair[0]), _PREFIXES[-1])
    number = round_by_uncertainty(value / factor, uncertainty / factor).plain()
    if unit and "±" in number and not number.startswith("("):
        number = f"({number})"
    return f"{number} {prefix}{unit}".strip()


def assumption_table(listed: list[Assumption]) -> str:
    """Return assumptions as an HTML table.

    Parameters
    ----------
    listed : list of Assumption
    """
    rows = "\n".join(
        f"<tr><td><code>{text(one.key)}</code></td><td>{shown(one.value)}</td>"
        f"<td{_mark(one.status)}>{text(one.status)}</td>"
        f"<td>{text(one.source)}</td></tr>"
        for one in listed
    )
    return (
        '<table class="assumptions">\n<thead><tr><th>Parameter</th><th>Value</th><th>Status</th>'
        f"<th>Source</th></tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    )


def _is_on(key: str, laboratory: Mapping[str, Any]) -> bool:
    """Tell whether an imperfection is there; a period counts only if something has it."""
    return bool(laboratory[key]) and bool(laboratory.get(key.removesuffix("_period_hz"), True))


def _mark(status: str) -> str:
    return ' class="sourced"' if status == "sourced" else ""


def _parameters(tree: Mapping[str, Any], prefix: str) -> Iterator[Assumption]:
    for name, entry in tree.items():
        if not isinstance(entry, Mapping):
            continue
        if "status" not in entry:
            yield from _parameters(entry, f"{prefix}{name}.")
            continue
        yield Assumption(
            prefix + name,
            quantity(name, entry["value"], entry["uncertainty"]),
            entry["status"],
            entry["source"],
        )


def _settings(
    tree: Mapping[str, Any], prefix: str, status: str, source: str
) -> Iterator[Assumption]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _settings(value, f"{prefix}{name}.", status, source)
        elif isinstance(value, float):
            yield Assumption(prefix + name, quantity(name, value, 0.0), status, source)
        else:
            yield Assumption(prefix + name, str(value), status, source)
