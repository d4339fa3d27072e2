"""Round a number by its uncertainty, by the rule of the Particle Data Group.

The three leading digits of the uncertainty decide (Review of Particle Physics, introduction,
section 5.3): 100 to 354 keeps two digits, 355 to 949 keeps one, 950 to 999 becomes 1000 and keeps
two. The value is then given to the same decimal place. Decimal arithmetic on the shortest form of
each double is used throughout, so no tie is decided by binary rounding.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from entangled_drums.errors import FileFormatError

UNKNOWN = "–"

# Digits of a number that has no uncertainty of its own.
EXACT_DIGITS = 6

# Beyond these, a power of ten is split off.
LARGEST_PLAIN_EXPONENT = 5
SMALLEST_PLAIN_EXPONENT = -4


@dataclass(frozen=True)
class Rounded:
    """A number ready for print: (value ± uncertainty) times 10**exponent.

    Attributes
    ----------
    value : str
        Rounded value, or `UNKNOWN`.
    uncertainty : str
        Rounded uncertainty to the same decimal place; "" where there is none.
    exponent : int
        Power of ten split off; 0 for numbers of ordinary size.
    """

    value: str
    uncertainty: str
    exponent: int

    def plain(self) -> str:
        """Return the number as Unicode text, such as "0.831 ± 0.022"."""
        power = f"×10^{self.exponent}" if self.exponent else ""
        text = f"{self.value} ± {self.uncertainty}" if self.uncertainty else self.value
        if power and self.uncertainty:
            text = f"({text})"
        return (text + power).replace("-", "−")

    def latex(self) -> str:
        r"""Return the number as LaTeX, such as "$0.831 \pm 0.022$"."""
        if self.value == UNKNOWN:
            return "--"
        power = rf" \times 10^{{{self.exponent}}}" if self.exponent else ""
        if not self.uncertainty:
            return f"${self.value}{power}$"
        text = rf"{self.value} \pm {self.uncertainty}"
        return f"$({text}){power}$" if power else f"${text}$"


def round_by_uncertainty(value: float, uncertainty: float) -> Rounded:
    """Round a value and its uncertainty to the digits that mean something.

    Parameters
    ----------
    value : float
        Any number. NaN or infinity gives `UNKNOWN`.
    uncertainty : float
        One standard deviation, same unit. Zero or NaN means that there is none: the value is then
        given to at most `EXACT_DIGITS` digits. Infinity gives `UNKNOWN`, for nothing is known.

    Returns
    -------
    Rounded
        Strings; a negative zero never appears.

    Raises
    ------
    FileFormatError
        If the uncertainty is negative.
    """
    if uncertainty < 0.0:
        raise FileFormatError(
            f"uncertainty {uncertainty!r} of {value!r} is negative; give one standard deviation"
        )
    if not math.isfinite(value) or math.isinf(uncertainty):
        return Rounded(UNKNOWN, "", 0)
    exact = Decimal(repr(float(value)))
    if math.isnan(uncertainty) or uncertainty == 0.0:
        return _without_uncertainty(exact)

    sigma = Decimal(repr(float(uncertainty)))
    leading = sigma.adjusted()
    three_digits = _at_place(sigma, leading - 2).scaleb(2 - leading)
    # 999.5 and above round up to 1000: the leading digit moves up by one place.
    two_digit = three_digits <= 354
    if three_digits >= 950:
        leading += 1
        two_digit = True
    place = leading - 1 if two_digit else leading
    rounded, sigma = _at_place(exact, place), _at_place(sigma, place)

    # Zeros that are no digits of the number ("123500 ± 2300") are split off likewise.
    largest = max(rounded.adjusted() if rounded else place, sigma.adjusted())
    exponent = largest if _needs_power(largest) or (place > 0 and largest > 3) else 0
    return Rounded(
        _fixed(rounded.scaleb(-exponent), place - exponent),
        _fixed(sigma.scaleb(-exponent), place - exponent),
        exponent,
    )


def probability_text(probability: float) -> str:
    """Return a probability to three decimals, without ever printing a certain 0 or 1.

    Parameters
    ----------
    probability : float
        Between 0 and 1; NaN gives `UNKNOWN`.

    Returns
    -------
    str
        Such as "0.973", "< 0.001" or "> 0.999".

    Raises
    ------
    FileFormatError
        If it is not between 0 and 1.
    """
    if math.isnan(probability):
        return UNKNOWN
    if not 0.0 <= probability <= 1.0:
        raise FileFormatError(f"probability {probability!r} is not between 0 and 1")
    if probability < 0.001:
        return "< 0.001"
    if probability > 0.999:
        return "> 0.999"
    return _fixed(_at_place(Decimal(repr(float(probability))), -3), -3)


def _without_uncertainty(exact: Decimal) -> Rounded:
    if not exact:
        return Rounded("0", "", 0)
    rounded = _at_place(exact, exact.adjusted() - EXACT_DIGITS + 1).normalize()
    exponent = rounded.adjusted() if _needs_power(rounded.adjusted()) else 0
    scaled = rounded.scaleb(-exponent)
    places = scaled.as_tuple().exponent
    return Rounded(_fixed(scaled, min(int(places), 0)), "", exponent)


def _needs_power(exponent: int) -> bool:
    return not SMALLEST_PLAIN_EXPONENT <= exponent <= LARGEST_PLAIN_EXPONENT


def _at_place(number: Decimal, place: int) -> Decimal:
    scaled = number.scaleb(-place).to_integral_value(rounding=ROUND_HALF_EVEN)
    return scaled.scaleb(place)


def _fixed(number: Decimal, place: int) -> str:
    unsigned_zero = number if number else abs(number)
    return f"{unsigned_zero:.{max(-place, 0)}f}"
