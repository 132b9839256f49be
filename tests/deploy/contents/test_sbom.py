"""The bill of materials is valid, has what is locked and nothing else, and is always the same."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files, metadata
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from license_expression import get_spdx_licensing

from tests.architecture.tree import ROOT
from tests.deploy.contents.locked import LOCK, pins
from tests.deploy.contents.sbom import document, licences, project

pytestmark = pytest.mark.deploy
TEXT = document(LOCK.read_text(), licences(), project())
SAID: dict[str, Any] = json.loads(TEXT)
# How packages that have no expression yet say it: in a line of their own, or by classifiers.
IN_WORDS = {"Apache 2": "Apache-2.0", "MIT License": "MIT", "ISC License": "ISC"}
CLASSIFIED = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
}


def invalid(text: str) -> object:
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)


def test_the_document_is_valid() -> None:
    assert invalid(TEXT) is None
    assert SAID["specVersion"] == "1.6"


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ('"alg": "SHA-256"', '"alg": "SHA256"'),
        ('"purl"', '"pearl"'),
        ('"id": "MIT"', '"id": "MITT"'),
        ('"type": "library"', '"type": "book"'),
    ],
)
def test_the_judge_of_that_is_no_rubber_stamp(said: str, instead: str) -> None:
    assert said in TEXT

    assert invalid(TEXT.replace(said, instead, 1)) is not None


def test_every_locked_package_is_in_it_and_nothing_else() -> None:
    locked: dict[str, list[str]] = {}
    for line in LOCK.read_text().splitlines():
        if found := re.match(r"([a-z0-9.-]+)==(\S+)( ; )?", line):
            locked.setdefault(found[1], []).append(found[2])
    # Not for the image: what is for Windows or browsers alone, and for a newer Python.
    del locked["colorama"], locked["httpx2-jsfetch"]
    locked["numpy"] = [version for version in locked["numpy"] if version.startswith("2.4.")]

    there = {each["name"]: [each["version"]] for each in SAID["components"]}
    assert there == locked
    assert len(there) == len(SAID["components"])


def test_each_package_has_its_address_its_files_hashes_and_its_licence() -> None:
    blocks = {block.partition("==")[0]: block for block in re.split(r"\n(?=\w)", LOCK.read_text())}
    for each in SAID["components"]:
        name = each["name"]
        hashes = {said["content"] for said in each["hashes"]}
        assert each["purl"] == each["bom-ref"] == f"pkg:pypi/{name}@{each['version']}"
        assert {said["alg"] for said in each["hashes"]} == {"SHA-256"}
        assert hashes
        if name != "numpy":  # it is locked twice
            assert hashes == set(re.findall(r"sha256:(\w+)", blocks[name]))
        (licence,) = each["licenses"]
        assert (licence.get("expression") or licence["license"]["id"]) == licences()[name]


def test_it_is_of_the_image_and_its_version() -> None:
    image = SAID["metadata"]["component"]
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    (label,) = re.findall(r"^ARG VERSION=(.*)$", dockerfile, re.MULTILINE)

    assert (image["type"], image["name"]) == ("container", "helpdesk")
    assert image["version"] == project()["version"] == label
    (needs,) = [each for each in SAID["dependencies"] if each["ref"] == image["bom-ref"]]
    assert set(needs["dependsOn"]) == {each["bom-ref"] for each in SAID["components"]}


def test_the_same_lock_makes_the_same_bytes_in_another_process() -> None:
    told = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": str(ROOT)}
    again = subprocess.run(
        [sys.executable, "-m", "tests.deploy.contents.sbom"],
        cwd=ROOT,
        env=told,
        capture_output=True,
        check=True,
    ).stdout

    assert again == TEXT.encode()
    assert "timestamp" not in TEXT


def test_another_lock_makes_another_document() -> None:
    serials = {SAID["serialNumber"]}
    other = LOCK.read_text().replace("anyio==", "anyio==1")
    serials.add(json.loads(document(other, licences(), project()))["serialNumber"])
    newer = {**project(), "version": "9.9.9"}
    serials.add(json.loads(document(LOCK.read_text(), licences(), newer))["serialNumber"])

    assert len(serials) == 3


def test_a_package_whose_licence_nobody_has_written_down_is_named() -> None:
    known = {name: licence for name, licence in licences().items() if name != "nh3"}

    with pytest.raises(LookupError, match=r"licences.toml .*: nh3$"):
        document(LOCK.read_text(), known, project())


def declared(about: dict[str, str | list[str]]) -> str:
    """The expression of what a package says of its licence."""
    words = str(about.get("license", ""))
    known = [CLASSIFIED[each] for each in about.get("classifier", ()) if each in CLASSIFIED]
    in_words = " OR ".join(sorted(known)) or IN_WORDS.get(words, words)
    return str(about.get("license_expression", in_words))


IN_A_FILE = {"crawler-user-agents": "The MIT License (MIT)"}
"""Packages that say it nowhere but in their licence's first line."""


def test_the_written_licences_are_those_that_packages_declare() -> None:
    spdx, compared = get_spdx_licensing(), 0
    for pin in pins(LOCK.read_text()):
        try:
            about = metadata(pin.name).json
        except PackageNotFoundError:
            continue
        if about["version"] == pin.version:
            compared += 1
            if said_in_a_file := IN_A_FILE.get(pin.name):
                named = [file for file in files(pin.name) or () if file.name == "LICENSE"]
                assert [file.read_text().splitlines()[0] for file in named] == [said_in_a_file]
                continue
            assert spdx.is_equivalent(licences()[pin.name], declared(about)), pin.name

    assert compared > 30
    assert set(licences()) == {pin.name for pin in pins(LOCK.read_text())}
