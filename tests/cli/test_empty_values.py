# SPDX-License-Identifier: GPL-2.0-only
"""An empty value is refused wherever a value is expected: `--shard "$UNSET"` does not mean the whole space."""

from pathlib import Path

import click
import pytest

from pte_review.harness.cli.main import cli as group
from tests.cli.conftest import Run

CONTEXT = click.Context(group)
COMMANDS: dict[str, click.Command] = {
    "": group,
    **{name: command for name in group.list_commands(CONTEXT) if (command := group.get_command(CONTEXT, name))},
}
POSITIONAL = {"check": ("v4", "v4"), "exhaust": ("v4", "v4"), "cost": ("v4", "pre_patch"), "replay": ("a.json",)}
WITH_VALUE = [
    (command, max(option.opts, key=len))
    for command, of in COMMANDS.items()
    for option in of.params
    if isinstance(option, click.Option) and not option.is_flag
]


def test_the_options_are_found():
    assert [command.name for name, command in COMMANDS.items() if name] == [*filter(None, COMMANDS)]
    assert len(WITH_VALUE) > 30
    assert {("exhaust", "--dask"), ("exhaust", "--shard"), ("cost", "--baseline"), ("", "--arch")} <= set(WITH_VALUE)


@pytest.mark.parametrize(("command", "option"), WITH_VALUE)
@pytest.mark.parametrize("how", ["two words", "one word"])
def test_an_empty_value(refused: Run, command: str, option: str, how: str):
    empty = (option, "") if how == "two words" else (f"{option}=",)
    done = refused(*filter(None, (command,)), *POSITIONAL.get(command, ()), *empty)
    assert done.err == f"pte-review: {option}: expected a value, got ''\n"


@pytest.mark.parametrize("option", ["--patch", "--count", "--workload"])
def test_one_empty_value_of_several(refused: Run, option: str):
    command = "check" if option == "--patch" else "cost"
    done = refused(command, *POSITIONAL[command], option, "x", option, "")
    assert done.err == f"pte-review: {option}: expected a value, got ''\n"


@pytest.mark.parametrize(
    "arguments", ["check  v4", "check v4 ", "exhaust v4 ", "cost v4 ", "replay ", "exhaust --merge "]
)
def test_an_empty_argument(refused: Run, arguments: str):
    assert refused(*arguments.split(" ")).err.endswith(": expected a value, got ''\n")


@pytest.mark.parametrize("share", ["nan", "inf", "-inf", "-0.1", "NaN"])
def test_a_share_that_is_no_number_of_times(refused: Run, share: str):
    done = refused("cost", "pre_patch", "v4", f"--share={share}")
    assert done.err.startswith("pte-review: --share: expected a number, 0 or more, got ")


def test_help_comes_all_the_same(cli: Run, folder: Path):
    assert cli("check", "--help").status == 0
    assert list(folder.iterdir()) == []
