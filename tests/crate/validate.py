"""Run the public validator on crates, without network: `python validate.py FOLDER-OR-ZIP ...`.

For the environment of requirements/provenance.lock. Prints one JSON object: for each crate the
REQUIRED issues by profile.
"""

import json
import sys
from pathlib import Path

import requests
import rocrate
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationSettings
from rocrate_validator.utils.http import HttpRequester

CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": Path(rocrate.__file__).parent
    / "data"
    / "ro-crate.jsonld",
    "https://w3id.org/ro/terms/workflow-run/context": Path(__file__).with_name(
        "workflow-run-context.json"
    ),
}
PROFILES = (
    "ro-crate-1.1",
    "process-run-crate-0.5",
    "workflow-run-crate-0.5",
    "provenance-run-crate-0.5",
)


class LocalSession:
    """Answers requests for the JSON-LD contexts from files, and all others with "not here"."""

    def __init__(self) -> None:
        self.refused: set[str] = set()

    def get(self, url: str, **_options: object) -> requests.Response:
        response = requests.Response()
        response.url = url
        path = CONTEXTS.get(url.rstrip("/"))
        if path is None:
            self.refused.add(url)
            response.status_code = 504
        else:
            response.status_code = 200
            response.headers["Content-Type"] = "application/ld+json"
            response._content = path.read_bytes()
        return response

    head = get

    def close(self) -> None:
        pass


LOCAL = LocalSession()


def validate(crate: str, profile: str) -> list[str]:
    result = services.validate(
        ValidationSettings(
            rocrate_uri=crate,
            profile_identifier=profile,
            requirement_severity=Severity.REQUIRED,
            enable_profile_inheritance=False,
            abort_on_first=False,
        )
    )
    return [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]


def main(crates: list[str]) -> None:
    # However the validator sets its requests up, they end here.
    HttpRequester.__getattr__ = lambda self, name: getattr(LOCAL, name)
    issues = {
        crate: {profile: validate(crate, profile) for profile in PROFILES} for crate in crates
    }
    print(json.dumps(issues))


main(sys.argv[1:])
