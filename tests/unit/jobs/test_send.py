"""Sending: what counts as taken, whatever the peer answers and whenever it goes."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from pydicom.dataset import Dataset

from bonescan.core.errors import PeerError
from bonescan.core.node_settings import NodeSettings
from bonescan.core.peers import parse_destination
from bonescan.jobs import send as module
from bonescan.jobs.send import send

PATHS = [Path(f"{number}.dcm") for number in range(5)]


class _Peer:
    """Answers with the statuses given, None for no answer; gone when there are no more."""

    is_rejected = is_aborted = False

    def __init__(self, statuses):
        self._statuses, self.is_established = list(statuses), True

    def send_c_store(self, _):
        status = self._statuses.pop(0)
        self.is_established = bool(self._statuses)
        answer = Dataset()
        if status is not None:
            answer.Status = status
        return answer

    def release(self):
        self.is_established = False


@pytest.fixture
def sent(monkeypatch):
    """Send five files to a peer that answers so."""

    def sending(*statuses):
        entity = SimpleNamespace(add_requested_context=lambda *_: None, associate=lambda *_, **__: _Peer(statuses))
        monkeypatch.setattr(module, "_entity", lambda _: entity)
        monkeypatch.setattr(module, "_kind", lambda _: ("1.2", "1.3"))
        return send(PATHS, parse_destination("PACS@127.0.0.1:104"), NodeSettings())

    return sending


def test_a_warning_and_an_object_that_is_there_already_are_taken(sent):
    assert sent(0x0000, 0xB000, 0x0111, 0xB007, 0x0000, 0x0000) == 5


@pytest.mark.parametrize(
    ("statuses", "taken", "problem"),
    [
        ((0, 0xA700, 0, 0, 0xC000, 0), 3, "status 0xA700"),
        ((0, None), 1, "it did not answer"),
        ((None,), 0, "it did not answer"),
        ((0, 0, 0), 3, "the association was ended"),
    ],
)
def test_what_was_not_tried_was_not_taken(sent, statuses, taken, problem):
    with pytest.raises(PeerError, match=f"took {taken} of 5 objects: {problem}") as caught:
        sent(*statuses)
    assert caught.value.taken == taken
