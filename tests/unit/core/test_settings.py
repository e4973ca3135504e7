"""Settings: where they come from, which wins, and that each is documented."""

from pathlib import Path

import pytest

from bonescan.core.errors import UsageError
from bonescan.core.node_settings import NodeSettings
from bonescan.core.settings import Settings, config_file, settings

DOCS = Path(__file__).resolve().parents[3] / "docs" / "usage" / "settings.md"


@pytest.fixture(autouse=True)
def _alone(monkeypatch, tmp_path):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"BONESCAN_{name.upper()}", raising=False)
    monkeypatch.delenv("BONESCAN_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_without_anything_the_defaults_hold():
    assert config_file() is None
    assert settings() == Settings(model="joint", models_dir=None, backend="auto", threads=None)
    assert settings().node == NodeSettings()


def test_the_file_of_the_working_folder_is_read(tmp_path):
    (tmp_path / "bonescan.toml").write_text('model = "mine"\nthreads = 3\n')
    assert (settings().model, settings().threads) == ("mine", 3)


def test_the_file_of_the_user_is_read_where_the_folder_has_none(tmp_path):
    own = tmp_path / "config" / "bonescan" / "bonescan.toml"
    own.parent.mkdir(parents=True)
    own.write_text("threads = 4\n")
    assert settings().threads == 4
    (tmp_path / "bonescan.toml").write_text("threads = 5\n")
    settings.cache_clear()
    assert settings().threads == 5


def test_a_file_can_be_named(tmp_path, monkeypatch):
    (tmp_path / "other.toml").write_text("threads = 6\n")
    monkeypatch.setenv("BONESCAN_CONFIG", str(tmp_path / "other.toml"))
    assert settings().threads == 6


def test_the_environment_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "bonescan.toml").write_text("threads = 3\n")
    monkeypatch.setenv("BONESCAN_THREADS", "7")
    assert settings().threads == 7
    assert Settings(threads=8).threads == 8


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("BONESCAN_THREADS", "")
    assert settings().threads is None


@pytest.mark.parametrize(
    ("text", "word"),
    [("threads = 0", "threads"), ("modle = 'x'", "modle"), ("backend = 'cuda'", "backend"), ("threads = = 1", "TOML")],
)
def test_what_is_wrong_is_named(tmp_path, text, word):
    (tmp_path / "bonescan.toml").write_text(text)
    with pytest.raises(UsageError, match=word) as caught:
        settings()
    assert "bonescan.toml" in caught.value.message


def test_a_named_file_that_is_missing_is_an_error(monkeypatch):
    monkeypatch.setenv("BONESCAN_CONFIG", "missing.toml")
    with pytest.raises(UsageError, match=r"missing\.toml"):
        settings()


@pytest.mark.parametrize("method", ["is_file", "open"])
def test_a_file_that_nobody_may_read_is_an_error(tmp_path, monkeypatch, method):
    (tmp_path / "bonescan.toml").write_text("model = 'joint'\n")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "bonescan.toml")

    monkeypatch.setattr(Path, method, refuse)
    with pytest.raises(UsageError, match=r"Permission denied: 'bonescan\.toml'"):
        settings()


def test_a_variable_that_is_wrong_is_named(monkeypatch):
    monkeypatch.setenv("BONESCAN_THREADS", "many")
    with pytest.raises(UsageError, match="threads"):
        settings()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_and_documented(name):
    assert Settings.model_fields[name].description
    row = next((line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}`")), "")
    assert f"`BONESCAN_{name.upper()}`" in row
    assert Settings.model_fields[name].description in row


@pytest.mark.parametrize("name", NodeSettings.model_fields)
def test_every_setting_of_the_node_is_described_and_documented(name):
    page = DOCS.read_text(encoding="utf-8").partition("## The node")[2]
    row = next((line for line in page.splitlines() if line.startswith(f"| `{name}`")), "")
    assert NodeSettings.model_fields[name].description in row


def test_the_node_has_a_table_of_its_own_and_variables(tmp_path, monkeypatch):
    text = '[node]\naet = "SCAN"\npeers = ["GAMMA*@10.1.0.0/16"]\ndestinations = ["PACS@10.1.0.2:104"]\n'
    (tmp_path / "bonescan.toml").write_text(text)
    monkeypatch.setenv("BONESCAN_NODE__PORT", "104")
    monkeypatch.setenv("BONESCAN_NODE__DESTINATIONS", '["OTHER@[::1]:2762+tls"]')
    node = settings().node
    assert (node.aet, node.port, [str(rule) for rule in node.peers]) == ("SCAN", 104, ["GAMMA*@10.1.0.0/16"])
    assert [str(place) for place in node.destinations] == ["OTHER@[::1]:2762+tls"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"aet": "SEVENTEEN_LETTERS"}, "aet"),
        ({"aet": "A\\B"}, "backslash"),
        ({"peers": ["GAMMA@pacs.local"]}, "IP address"),
        ({"peers": ["GAMMA@10.0.0.0/99"]}, "IP address"),
        ({"destinations": ["PACS@10.0.0.1"]}, "AET@HOST:PORT"),
        ({"destinations": ["PACS@10.0.0.1:99999"]}, "AET@HOST:PORT"),
        ({"tls_certificate": "a.pem"}, "together"),
        ({"tls_ca": "a.pem"}, "needs"),
        ({"quiet": 3}, "quiet"),
    ],
)
def test_a_node_that_makes_no_sense_is_refused(changes, word):
    with pytest.raises(ValueError, match=word):
        NodeSettings(**changes)


def test_a_list_in_a_variable_that_is_no_list_is_explained(monkeypatch):
    monkeypatch.setenv("BONESCAN_NODE__PEERS", "GAMMA1")
    with pytest.raises(UsageError, match=r'\["A", "B"\]'):
        settings()
