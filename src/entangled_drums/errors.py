"""Errors that a user can mend.

Each message is one line: what is wrong, where (file and key, or argument), what to write instead.
Anything else that is raised is a defect of the program, and is shown with its traceback.
"""


class EntangledDrumsError(ValueError):
    """Base of all errors whose message alone tells the user what to do."""


class ConfigurationError(EntangledDrumsError):
    """A config file does not say what it must."""


class ParameterError(EntangledDrumsError):
    """A physical parameter is out of its range or has the wrong shape."""


class UnstableDriveError(EntangledDrumsError):
    """The drive has no steady state where one was required."""


class UnphysicalStateError(EntangledDrumsError):
    """A covariance matrix violates the uncertainty relation."""


class FileFormatError(EntangledDrumsError):
    """A file is not in the form it must have, or a result has no such form."""


class RecordingError(EntangledDrumsError):
    """A recording is malformed, or is not of the kind that was asked for."""


class CalibrationError(EntangledDrumsError):
    """A calibration is missing, malformed, or its fit is not acceptable."""


class InferenceError(EntangledDrumsError):
    """An inference cannot be carried out on the data it was given."""


class NoFitError(InferenceError):
    """The model cannot follow the data of one operating point, which has no result then."""


class ProvenanceError(EntangledDrumsError):
    """A result cannot be trusted: it, its record, or what was really read does not match."""
