# SPDX-License-Identifier: GPL-2.0-only
"""The wheel in an environment of its own, beside a project that has a `harness`, `models` and `strategies` too."""

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.kit.trees import ROOT

pytestmark = pytest.mark.slow
TEST = """
import harness, models, strategies

def test_its_own():
    assert (harness.OWN, models.OWN, strategies.OWN) == (1, 1, 1)
"""
LATE = """
import sys

def test_nothing_of_pte_review_is_loaded():
    late = ("pte_review.models", "pte_review.strategies", "pte_review.harness.review")
    assert not [name for name in sys.modules if name.startswith(late)]
"""
CONSUMER = """
from pte_review.harness import check

verdict = check("pre_patch", "v4", max_examples=1)
reveal_type(verdict.kinds)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: building leaves files behind."""
    folder = tmp_path_factory.mktemp("build")
    names = ("pyproject.toml", "setup.py", "README.md", "LICENSE.md", "packaging", "models", "strategies", "harness")
    for name in names:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder / "dist"), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return next((folder / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked by pip; what it depends on is this environment's, but for its editable install."""
    folder = tmp_path_factory.mktemp("venv") / "own"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    # As a path, not with `site`: .pth files there, of editable installs, are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "-q", "--no-deps"]
    subprocess.run([*install, "--ignore-installed", str(wheel)], check=True, capture_output=True)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with packages under the names of our folders."""
    for name in ("harness", "models", "strategies"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("OWN = 1\n")
    (tmp_path / "test_own.py").write_text(TEST)
    return tmp_path


def run(environment: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    python = str(environment / "bin" / "python")
    return subprocess.run([python, *command], cwd=folder, capture_output=True, text=True, check=False)


def test_what_is_in_it(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"pte_review"}
    here = [path for floor in ("models", "strategies", "harness") for path in (ROOT / floor).rglob("*")]
    wanted = {str(path.relative_to(ROOT)) for path in here if path.suffix in (".py", ".c", ".h")}
    assert {f"pte_review/{name}" for name in wanted} | {"pte_review/py.typed"} <= set(names)
    (points,) = [name for name in names if name.endswith("entry_points.txt")]
    text = zipfile.ZipFile(wheel).read(points).decode()
    assert re.findall(r"^(\S+) = ", text, re.MULTILINE) == ["pte-review", "pte-review"]  # the command, the plugin


def test_a_project_with_the_same_names(environment: Path, project: Path):
    (project / "test_late.py").write_text(LATE)
    done = run(environment, project, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "verdicts of pte-review" not in done.stdout


def test_the_plugin_there(environment: Path, project: Path):
    options = ("--review-base=pre_patch", "--review-candidate=v4_fixed", "--review-max-examples=30")
    done = run(environment, project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
    assert "verdicts of pte-review" in done.stdout


def test_the_command_there(environment: Path, project: Path):
    script = str(environment / "bin" / "pte-review")
    done = run(environment, project, script, "check", "v4", "v4_fixed", "--max-examples", "60")
    assert (done.returncode, done.stderr) == (0, "")
    assert "FIXES write-gained" in done.stdout
    assert run(environment, project, "-m", "pte_review", "check", "v4_fixed", "v4").returncode == 1
    where = run(environment, project, "-c", "import pte_review.models as m; print(m.__file__)").stdout
    assert where.startswith(str(environment))


def test_its_types_are_seen(environment: Path, tmp_path: Path):
    (tmp_path / "consumer.py").write_text(CONSUMER)
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--strict", "--python-executable"]
    done = subprocess.run(
        [*mypy, str(environment / "bin" / "python"), "consumer.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert 'Revealed type is "tuple[str, ...]"' in done.stdout.replace("builtins.", ""), done.stdout


def test_the_lowest_versions_are_those_that_are_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    allowed = dict(re.split(">=", one) for one in (*project["dependencies"], *extras["tree"], *extras["dask"]))
    lines = (ROOT / "packaging" / "lowest.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert set(allowed) <= set(pinned)
    for name, least in allowed.items():
        assert (pinned[name] + ".").startswith(f"{least}."), name
