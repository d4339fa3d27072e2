"""Checks of parameters: sign, finiteness, shape; each error names the argument."""

from dataclasses import fields
from functools import cache
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entangled_drums.errors import ParameterError


def checked(
    value: ArrayLike,
    name: str,
    *,
    sign: str = "any",
    per_drum: bool = False,
    allow_complex: bool = False,
) -> NDArray:
    """Read-only float (or complex) array of ``value``; ``name`` is what an error calls it.

    ``sign`` is ``any``, ``positive`` or ``not negative``; ``per_drum`` asks for a last axis of
    length 2.

    Raises
    ------
    ParameterError
        If the value is not numeric, not finite, or of the wrong sign or shape.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        raise ParameterError(f"{name} is a ragged list: give a rectangular array") from None
    if array.dtype.kind in "iuf":
        array = array.astype(np.float64)
    elif array.dtype.kind == "c" and allow_complex:
        array = array.astype(np.complex128)
    else:
        kind = "real or complex numbers" if allow_complex else "real numbers"
        raise ParameterError(f"{name} has type {array.dtype}: give {kind}")
    if per_drum and (array.ndim == 0 or array.shape[-1] != 2):
        raise ParameterError(
            f"{name} has shape {array.shape}: its last axis must have length 2, one per drum"
        )
    if not np.isfinite(array).all():
        raise ParameterError(f"{name} holds NaN or infinity: give finite numbers")
    if sign == "positive" and not (array > 0).all():
        raise ParameterError(f"{name} is zero or negative: give a number above zero")
    if sign == "not negative" and not (array >= 0).all():
        raise ParameterError(f"{name} is negative: give zero or more")
    array.flags.writeable = False
    return array


def broadcast_shape(named: list[tuple[str, tuple[int, ...]]]) -> tuple[int, ...]:
    """Common shape of named shapes; ParameterError names the first that does not broadcast."""
    distinct = {one for _, one in named if one}
    if len(distinct) < 2:
        return distinct.pop() if distinct else ()
    shape: tuple[int, ...] = ()
    for name, one in named:
        try:
            shape = np.broadcast_shapes(shape, one)
        except ValueError:
            raise ParameterError(
                f"{name} has leading shape {one}, which does not broadcast with {shape} of the "
                f"arguments before it: make the leading axes match"
            ) from None
    return shape


class Checked:
    """Convert and check every field of a parameter dataclass; ``_RULES`` says how."""

    _RULES: ClassVar[dict[str, dict]] = {}

    def __post_init__(self) -> None:
        for name, label, rule in _fields_of(type(self)):  # type: ignore[arg-type]
            object.__setattr__(self, name, checked(getattr(self, name), label, **rule))
        broadcast_shape(self.leading_shapes())

    def leading_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names of the fields and their shapes without the axis of the drums."""
        found = []
        for name, label, rule in _fields_of(type(self)):  # type: ignore[arg-type]
            shape = np.shape(getattr(self, name))
            found.append((label, shape[:-1] if rule.get("per_drum", False) else shape))
        return found


@cache
def _fields_of(kind: type[Checked]) -> list[tuple[str, str, dict]]:
    """Name, name in messages, and rule of every field."""
    prefix = kind.__name__.lower()
    return [
        (one.name, f"{prefix}.{one.name}", kind._RULES[one.name])
        for one in fields(kind)  # type: ignore[arg-type]
    ]
