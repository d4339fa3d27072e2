"""The experiment that is repeated: its prior, its true devices, its recordings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray
from scipy.optimize import brentq

from entangled_drums import parameters, prior
from entangled_drums.calibration import Calibration, chain, from_device, tone_spectra
from entangled_drums.coverage.scenarios import PLAIN, SCENARIOS, Scenario
from entangled_drums.errors import InferenceError
from entangled_drums.inference.fine_effects import Fidelity
from entangled_drums.inference.states import state_quantities
from entangled_drums.laboratory import calibration_runs, pumped, pumped_in_time
from entangled_drums.laboratory.imperfections import Imperfections
from entangled_drums.parameters import DriveSettings, ProbeSettings

RECORDINGS = "recordings"
HEATED = "bath.internal_occupation"
_HOTTEST = 20.0
_MOST_DRAWS = 200


@dataclass(frozen=True)
class Experiment:
    """What the replicas repeat, as the experiment file says it.

    Parameters
    ----------
    values, uncertainties : mapping
        Flat values of the device file and their uncertainties.
    drive : mapping
        Arguments of `parameters.drive_settings` at the operating point.
    emission, phase_scan : mapping
        The sections of that name in ``recordings``.
    imperfections : Imperfections
        Of the laboratory.
    fidelity : Fidelity
        Of the analysis.
    calibration : mapping
        The section ``calibration``; empty if the prior is all that is known of the device.
    in_time : mapping
        The section ``coverage.in_time``; empty if no replica needs it.
    """

    values: Mapping[str, float]
    uncertainties: Mapping[str, float]
    drive: Mapping[str, float]
    emission: Mapping[str, Any]
    phase_scan: Mapping[str, Any]
    imperfections: Imperfections
    fidelity: Fidelity
    calibration: Mapping[str, Any] = field(default_factory=dict)
    in_time: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Experiment":
        """Return the experiment of a job's settings."""
        return cls(
            settings["device"],
            settings["uncertainties"],
            settings["drive"],
            settings["emission"],
            settings["phase_scan"],
            Imperfections.of(settings["laboratory"]),
            Fidelity(**settings["model"]),
            settings["calibration"] if settings["calibration"]["source"] == RECORDINGS else {},
            settings.get("in_time", {}),
        )

    @property
    def drive_settings(self) -> DriveSettings:
        """Settings of the pump generators: what the nominal device needs."""
        return parameters.drive_settings(self.values, **self.drive)

    @property
    def probe_settings(self) -> ProbeSettings:
        """Settings of the probe generators."""
        phases = self.phase_scan["phases"]
        return parameters.probe_settings(
            self.values,
            self.phase_scan["probe_offset_hz"],
            self.phase_scan["probe_coupling_hz"],
            2.0 * np.pi * np.arange(phases) / phases,
        )

    @property
    def prior(self) -> Calibration:
        """The prior of the analysis: the nominal device with its uncertainties."""
        return from_device(self.values, self.uncertainties)

    def nominal(self, scenario: Scenario) -> "Experiment":
        """Return the experiment on the nominal device of a scenario.

        Raises
        ------
        InferenceError
            If the demanded state cannot be reached at this operating point, or nothing is said of
            recordings in time.
        """
        values, uncertainties = dict(self.values), dict(self.uncertainties)
        for drum in (1, 2):
            name = f"drum_{drum}.thermal_occupation"
            values[name] *= scenario.drum_heating
            uncertainties[name] *= scenario.drum_heating
        if scenario.half_splitting_hz:
            mean = 0.5 * (values["drum_1.frequency_hz"] + values["drum_2.frequency_hz"])
            values["drum_1.frequency_hz"] = mean - scenario.half_splitting_hz
            values["drum_2.frequency_hz"] = mean + scenario.half_splitting_hz
        if scenario.internal_uncertainty:
            uncertainties[HEATED] *= scenario.internal_uncertainty
        found = replace(self, values=values, uncertainties=uncertainties)
        if scenario.in_time:
            found = found._shortened()
        if not scenario.quantity:
            return found
        heated = found.heated(values, scenario)
        if heated is None:
            raise InferenceError(
                f"coverage: the nominal device has {scenario.quantity} = {scenario.value:g} with "
                "no internal bath at this operating point; choose another one"
            )
        # As well known, relatively, as the occupation of the device file.
        uncertainties[HEATED] *= heated[HEATED] / values[HEATED]
        return replace(found, values=heated, uncertainties=uncertainties)

    def _shortened(self) -> "Experiment":
        """The experiment as it can be simulated, and is then analysed, sample by sample."""
        if not self.in_time:
            raise InferenceError(
                "coverage.in_time: missing, recordings are to be made in time; write for example "
                "{duration_s: 0.2, sample_rate_hz: 1.92e+7}"
            )
        duration_s = self.in_time["duration_s"]
        return replace(
            self,
            emission={**self.emission, "duration_s": duration_s},
            phase_scan={**self.phase_scan, "duration_s": duration_s},
            imperfections=replace(self.imperfections, counter_rotating=False, finite_record=True),
            fidelity=Fidelity(counter_rotating=False, finite_record=True),
        )

    def heated(self, device: Mapping[str, float], scenario: Scenario) -> dict[str, float] | None:
        """Return a device with its internal bath as the scenario demands; None if none does it."""
        if not scenario.quantity:
            return dict(device)

        def excess(occupation: float) -> float:
            heated = {**device, HEATED: occupation}
            return self.state(heated)[scenario.quantity] - scenario.value

        if not excess(0.0) < 0.0 < excess(_HOTTEST):
            return None
        return {**device, HEATED: float(brentq(excess, 0.0, _HOTTEST, xtol=1e-9))}

    def draw_truth(self, scenario: Scenario, generator: np.random.Generator) -> dict[str, float]:
        """Return the true device of a replica; `self` is the experiment on the nominal device.

        Raises
        ------
        InferenceError
            If no device of the prior fits the scenario.
        """
        for _ in range(_MOST_DRAWS):
            device = self.heated(prior.draw(self.values, self.uncertainties, generator), scenario)
            if device is not None:
                return device
        raise InferenceError(
            f"coverage: no device of the prior has {scenario.quantity} = {scenario.value:g}; "
            "choose another operating point"
        )

    def state(self, device: Mapping[str, float]) -> dict[str, float]:
        """Return the true state of a device, and the occupation of its cavity."""
        values = {name: np.array([value]) for name, value in device.items()}
        drive = self.drive_settings
        found = state_quantities(
            values, drive, counter_rotating=self.imperfections.counter_rotating
        )
        return {
            "cavity_occupation": float(parameters.system(values, drive).cavity_occupation[0]),
            **{name: float(value[0]) for name, value in found.items()},
        }

    def calibrate(
        self, truth: Mapping[str, float], scenario: Scenario, generator: np.random.Generator
    ) -> Calibration:
        """Record the whole calibration of a device and carry out the chain of fits.

        Where the scenario makes a secret of the internal occupation under the pumps, the
        calibration meets another one, as uncertain as in the device file, and what it finds of it
        is forgotten. Drums so close that one tone drives both have no such calibration: there the
        prior is kept.

        Raises
        ------
        CalibrationError
            If a step of the chain is refused.
        """
        if not self.calibration or scenario.half_splitting_hz:
            return self.prior
        if scenario.internal_uncertainty:
            usual = dict(self.uncertainties)
            usual[HEATED] /= scenario.internal_uncertainty
            met = {**truth, HEATED: prior.draw(self.values, usual, generator)[HEATED]}
            found = replace(self, uncertainties=usual).calibrate(met, PLAIN, generator)
            return found.relearnt(HEATED, self.values[HEATED], self.uncertainties[HEATED])
        measurement = {
            **self.calibration,
            "emission": self.emission,
            "probe_offset_hz": self.phase_scan["probe_offset_hz"],
        }
        streams = generator.spawn(len(calibration_runs.KINDS))
        recordings = {
            kind: calibration_runs.record(
                kind, truth, self.values, measurement, stream, self.imperfections
            )
            for kind, stream in zip(calibration_runs.KINDS, streams, strict=True)
        }
        fidelity = tone_spectra.Fidelity(**vars(self.fidelity))
        return chain.calibrate(recordings, self.prior, fidelity).calibration

    def record(
        self,
        truth: Mapping[str, float],
        generator: np.random.Generator | None,
        scenario: Scenario = PLAIN,
    ) -> tuple[xarray.Dataset, xarray.Dataset]:
        """Return emission and phase scan, labelled with the settings of the generators.

        Without a generator the expected powers are returned, without noise.
        """
        settings = self.drive_settings
        drive, imperfections = settings, self.imperfections
        device = dict(truth)
        if not scenario.blue_on:
            drive = replace(drive, blue_photons=0.0)
        if not scenario.red_on:
            drive = replace(drive, red_photons=1e-6 * np.asarray(drive.red_photons))
        if scenario.pumped_internal_occupation:
            device[HEATED] = scenario.pumped_internal_occupation
        if scenario.bath_correlation:
            occupations = parameters.system(device, drive).bath.thermal_occupation
            largest = float(np.sqrt(np.prod(occupations)))
            imperfections = replace(
                imperfections, bath_correlation=scenario.bath_correlation * largest
            )
        scan = self.phase_scan
        of_emission = pumped.EmissionSettings(**self.emission)
        of_scan = pumped.PhaseScanSettings(
            duration_s=scan["duration_s"],
            half_span_hz=scan["half_span_hz"],
            bin_width_hz=scan["bin_width_hz"],
            line_centres_hz=pumped.line_centres_hz(self.values, settings, scan["probe_offset_hz"]),
            window=scan["window"],
            overlap=scan.get("overlap", 0.0),
        )
        probe = self.probe_settings
        if scenario.in_time and generator is not None:
            last = (self.in_time["sample_rate_hz"], generator, imperfections)
            emission = pumped_in_time.record_emission(device, drive, of_emission, *last)
            phase_scan = pumped_in_time.record_phase_scan(device, drive, probe, of_scan, *last)
        else:
            emission = pumped.record_emission(device, drive, of_emission, generator, imperfections)
            phase_scan = pumped.record_phase_scan(
                device, drive, probe, of_scan, generator, imperfections
            )
        told = {
            name: float(np.asarray(getattr(settings, name)))
            for name in ("red_photons", "blue_photons")
        }
        return emission.assign_attrs(told), phase_scan.assign_attrs(told)


def scenario_of(kind: str) -> Scenario:
    """Return the scenario of a kind of replica.

    Raises
    ------
    InferenceError
        If there is none of that name.
    """
    if kind not in SCENARIOS:
        raise InferenceError(
            f"coverage: {kind!r} is no scenario; write one of {', '.join(SCENARIOS)}"
        )
    return SCENARIOS[kind]
