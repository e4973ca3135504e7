"""The words of the command line are a contract: commands, options, examples."""

import pytest

from tests.contract.commands import bonescan

COMMANDS = {
    "analyze": ("INPUT", "-o, --out OUT", "--formats", "--model NAME|DIR", "--anterior", "--polarity", "--json"),
    "info": ("INPUT", "--json", "--anterior", "--posterior"),
    "fetch": (
        "--url DICOMWEB",
        "--study UID",
        "-o, --out DIR",
        "--modality",
        "--header-file FILE",
        "--ca FILE",
        "--json",
    ),
    "send": ("INPUT", "--url DICOMWEB", "--header", "--header-file FILE", "--ca FILE", "--cert FILE", "--key FILE"),
    "listen": ("--aet TITLE", "--host", "--port", "--store DIR", "--peer AET[@HOST]", "--send-to AET@HOST:PORT"),
    "deidentify": ("INPUT", "-o, --out OUT", "--key-file FILE", "--json"),
    "cohort": ("new", "fill", "split", "check"),
    "jobs": ("list", "show", "retry", "resend", "cancel"),
    "simulate": (
        "-n, --number N",
        "--seed S",
        "-o, --out DIR",
        "--recipe NAME|FILE",
        "--phantoms",
        "--processes",
        "--serial VISITS",
        "--annotations KINDS",
        "--noiseless",
        "--rebuild STUDY",
        "--realism REAL",
        "--sheet PNG",
        "--json",
    ),
    "train": ("RECIPE", "--cohort DIR", "-o, --out RUN", "--resume", "--init FILE", "--devices", "--accelerator"),
    "predict": ("RUN", "--cohort DIR", "-o, --out PRED", "--split", "--gate MODEL", "--limit N"),
    "export": ("RUN", "-o, --out BUNDLE"),
    "calibrate": ("--cohort DIR", "--model NAME|DIR", "-o, --out BUNDLE", "--name NAME", "--json"),
    "evaluate": (
        "FOLDER",
        "--cohort DIR",
        "--model NAME|DIR",
        "--predictions DIR",
        "-o, --out OUT",
        "--split <train|val|test|all>",
        "--readers CSV",
        "--counts CSV",
        "--ungated",
        "--apart",
        "--compare",
        "--processes P",
        "--limit N",
        "--json",
    ),
    "models": ("--json",),
    "doctor": ("--json",),
}


@pytest.fixture(scope="module")
def front():
    return bonescan("--help")


def test_the_front_page_lists_exactly_the_commands(front):
    assert front.returncode == 0
    lines = front.stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert {line.split()[0] for line in lines} == set(COMMANDS)
    assert not [line for line in lines if line.endswith("...")], "a summary is cut"


def test_the_front_page_says_what_it_is_not(front):
    text = " ".join(front.stdout.split())
    assert "not a medical device" in text
    assert "3 input unreadable or not a bone scan" in text
    assert "6 network peer refused" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_its_words(command):
    done = bonescan(command, "-h")
    assert done.returncode == 0
    assert [word for word in COMMANDS[command] if word not in done.stdout] == []
    assert command == "doctor" or f"  bonescan {command}" in done.stdout.partition("Example")[2]


def test_the_short_and_the_long_help_are_one():
    assert bonescan("-h").stdout == bonescan("--help").stdout


def test_version_is_the_packages():
    import bonescan as package

    assert bonescan("--version").stdout == f"bonescan {package.__version__}\n"


@pytest.mark.parametrize(
    "words", [[], ["no-such-command"], ["analyze"], ["info", "--no-such-option"], ["simulate", "-n", "0"]]
)
def test_wrong_words_are_a_usage_error(words):
    done = bonescan(*words)
    assert done.returncode == 2
    assert "Usage: bonescan" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_the_formats_of_the_help_are_those_that_are_written():
    from bonescan.cli import analyze
    from bonescan.export import folder

    assert analyze.FORMATS == folder.FORMATS
    assert analyze.DEFAULT_FORMATS == folder.DEFAULT_FORMATS
