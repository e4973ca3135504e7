"""What is shipped for services and containers names settings, words and files that there are."""

import json
import re

import pytest
from typer.main import get_command

from bonescan.cli.main import app
from bonescan.core.node_settings import NodeSettings
from tests.contract.commands import ROOT

UNIT = (ROOT / "packaging" / "bonescan-node.service").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "packaging" / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [UNIT, COMPOSE], ids=["unit", "compose"])
def test_every_setting_is_one(text):
    names = {name.lower() for name in re.findall(r"BONESCAN_NODE__(\w+)", text)}
    assert names
    assert names <= set(NodeSettings.model_fields)


def test_the_settings_of_the_containers_make_a_node():
    values = dict(re.findall(r"BONESCAN_NODE__(\w+): (.+)", COMPOSE))
    plain = {
        name.lower(): value.strip("'\"") if "[" not in value else json.loads(value.strip("'"))
        for name, value in values.items()
    }
    node = NodeSettings(**plain)
    assert [str(place) for place in node.destinations] == ["ORTHANC@orthanc:4242"]
    assert node.peers[0].allows("ORTHANC", "172.18.0.2")


def test_the_unit_starts_a_command_that_there_is():
    words = re.search(r"^ExecStart=\S+/bonescan (.+)$", UNIT, re.MULTILINE)[1].split()
    assert words[0] in get_command(app).commands
    assert json.loads(re.search(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[1]) == words


def test_the_files_that_are_named_are_there():
    for name in re.findall(r"- \./(\S+?):/", COMPOSE) + re.findall(r"dockerfile: (\S+)", COMPOSE):
        assert (ROOT / name).is_file(), name
    for name in re.search(r"^COPY (.+) \./$", DOCKERFILE, re.MULTILINE)[1].split():
        assert (ROOT / name).is_file(), name


def test_orthanc_knows_us_by_our_name():
    settings = json.loads((ROOT / "packaging" / "orthanc" / "orthanc.json").read_text(encoding="utf-8"))
    assert settings["DicomModalities"]["bonescan"] == ["BONESCAN", "bonescan", NodeSettings().port]
    assert settings["DicomAet"] == "ORTHANC"
