"""What is in the image as a CycloneDX document; `python -m tests.deploy.contents.sbom` prints it.

It follows from the lock, `deploy/licences.toml` and pyproject.toml, and from nothing else: it is
the same, byte for byte, on every machine and at any time. What the base image brings is not in it.
"""

import sys
import tomllib
from collections.abc import Mapping
from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseAcknowledgement
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tests.architecture.tree import ROOT
from tests.deploy.contents.locked import LOCK, Pin, pins

LICENCES: Final = ROOT / "deploy" / "licences.toml"


def licences() -> dict[str, str]:
    """The SPDX expression of each package's licence."""
    return tomllib.loads(LICENCES.read_text())


def project() -> dict[str, Any]:
    """What pyproject.toml says of the project."""
    told: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return told


def document(lock: str, licence_of: Mapping[str, str], about: Mapping[str, Any]) -> str:
    """What the image of this project holds, as JSON; the image depends on each package.

    Raises LookupError for packages whose licence nobody has written down.
    """
    packages = list(pins(lock))
    if unknown := [pin.name for pin in packages if pin.name not in licence_of]:
        raise LookupError(f"say in {LICENCES} which licence they have: {', '.join(unknown)}")
    image = Component(
        type=ComponentType.CONTAINER,
        name="helpdesk",
        version=about["version"],
        description=about["description"],
        bom_ref=f"helpdesk@{about['version']}",
        licenses=[_licence(about["license"])],
    )
    used = {pin.name: licence_of[pin.name] for pin in packages}
    bom: Any = Bom(
        components=[_component(pin, used[pin.name]) for pin in packages],
        metadata=BomMetaData(component=image),
        serial_number=uuid5(NAMESPACE_OID, f"{about['version']} {packages} {sorted(used.items())}"),
    )
    bom.register_dependency(image, bom.components)
    bom.metadata.timestamp = None  # else it is the time of day
    return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def _component(pin: Pin, licence: str) -> Component:
    purl = PackageURL("pypi", name=pin.name, version=pin.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=pin.name,
        version=pin.version,
        purl=purl,
        bom_ref=purl.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in pin.hashes],
        licenses=[_licence(licence)],
    )


def _licence(expression: str) -> Any:  # an id or an expression
    return LicenseFactory().make_from_string(
        expression, license_acknowledgement=LicenseAcknowledgement.DECLARED
    )


if __name__ == "__main__":
    sys.stdout.write(document(LOCK.read_text(), licences(), project()))
