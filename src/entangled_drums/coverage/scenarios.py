"""What the replicas of the coverage study are replicas of.

In every scenario the analysis starts from a nominal device with uncertainties, its prior, and the
true device is drawn from that prior. Scenarios differ in the nominal device, in what is demanded of
the truth, and in what the recordings under the pumps hide from the analysis.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Scenario:
    """One kind of replica.

    Parameters
    ----------
    meaning : str
        In a few words, for tables.
    quantity, value : str, float
        The internal bath is heated or cooled until this quantity of the true state has this value;
        the nominal device likewise. Empty where nothing is demanded.
    drum_heating : float
        Factor on the drums' occupations, nominal and true.
    half_splitting_hz : float
        Half the difference of the drums' frequencies, nominal and true; 0 as in the device file.
    blue_on, red_on : bool
        Whether the pumps are on, as the settings of their generators say.
    pumped_internal_occupation : float
        Internal occupation under both pumps where the calibration met a colder cavity; 0 as
        calibrated.
    bath_correlation : float
        Correlation of the drums' baths, as a share of its largest value.
    in_time : bool
        Whether the recordings under the pumps are made sample by sample, as long as
        ``coverage.in_time`` says, in the rotating-wave approximation, which the analysis then
        makes too.
    internal_uncertainty : float
        Factor on the uncertainty of the internal occupation under the pumps, drawn anew after the
        calibration, which so says nothing of it; 0 as calibrated.
    separable : bool
        Whether a claim of entanglement is false.
    """

    meaning: str
    quantity: str = ""
    value: float = 0.0
    drum_heating: float = 1.0
    half_splitting_hz: float = 0.0
    blue_on: bool = True
    red_on: bool = True
    pumped_internal_occupation: float = 0.0
    bath_correlation: float = 0.0
    in_time: bool = False
    internal_uncertainty: float = 0.0
    separable: bool = False


PLAIN = Scenario("nothing special")

COVERAGE, BORDER, POWER, IN_TIME = "coverage", "border", "power", "in-time"

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {
        COVERAGE: Scenario("devices drawn from the prior of the analysis"),
        BORDER: Scenario(
            "2 nu = 1: the least favourable truth", quantity="two_nu", value=1.0, separable=True
        ),
        POWER: Scenario("Duan sum 0.83", quantity="duan", value=0.83),
        "blue-off": Scenario("blue pump off", blue_on=False, separable=True),
        "pumps-off": Scenario("both pumps off", blue_on=False, red_on=False, separable=True),
        "hot-drums": Scenario("drums four times as hot", drum_heating=4.0, separable=True),
        "correlated-drums": Scenario(
            "hot drums whose baths fluctuate together",
            drum_heating=4.0,
            bath_correlation=0.5,
            separable=True,
        ),
        "hot-cavity": Scenario(
            "cavity heated by the pumps beyond its calibration",
            pumped_internal_occupation=6.0,
            separable=True,
        ),
        "dark-mode": Scenario(
            "drums 20 kHz apart: one quadrature squeezed, no entanglement",
            half_splitting_hz=1.0e4,
            separable=True,
        ),
        # Beside a whole calibration, a record of less than a second would not change the Duan sum:
        # what the pumps make of the cavity is left for it to find.
        IN_TIME: Scenario(
            "recordings simulated sample by sample", in_time=True, internal_uncertainty=3.0
        ),
    }
)

FAR = tuple(name for name, one in SCENARIOS.items() if one.separable and name != BORDER)

RANKED = ("duan", "cavity_occupation", "receiver.gain", "bath.external_occupation")
"""Quantities whose truth is ranked among the draws of a posterior; the first is the primary one."""
LINE_ROUTES = ("direct", "quadrature", "emission_bound")
"""Routes by line weights that replicas of the kind `POWER` go as well."""
