"""The design's import contracts hold, and they cover the whole package."""

import subprocess
import sys
import tomllib

from tests.contract.commands import ROOT


def test_import_linter_keeps_both_contracts():
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kept, 0 broken" in done.stdout


def test_no_package_escapes_the_torch_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (forbidden,) = (contract for contract in contracts if contract["type"] == "forbidden")
    covered = {module.split(".")[1] for module in forbidden["source_modules"]}
    here = {
        path.stem
        for path in (ROOT / "src" / "bonescan").iterdir()
        if not path.stem.startswith("_") and (path.is_dir() or path.suffix == ".py") and path.name != "py.typed"
    }
    # The command line reaches training by design, and imports it inside the body of two commands.
    assert here - covered == {"cli", "training"}
