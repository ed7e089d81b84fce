# SPDX-License-Identifier: GPL-2.0-only
"""Commands that take an empty value for a mistake: `--shard "$UNSET"` must not mean that there is no --shard."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.core import ParameterSource

from pte_review.harness.cli.settings import Settings
from pte_review.harness.errors import UsageError


def _check_values(command: click.Command, context: click.Context, arguments: list[str]) -> None:
    """Raise UsageError if an option or an argument of `command` was given an empty value."""
    values, _, _ = command.make_parser(context).parse_args(args=list(arguments))
    for parameter in command.get_params(context):
        given = values.get(str(parameter.name))
        if given == "" or (isinstance(given, list | tuple) and "" in given):
            option = isinstance(parameter, click.Option)
            name = max(parameter.opts, key=len) if option else parameter.human_readable_name
            raise UsageError(f"{name}: expected a value, got ''")


class Command(click.Command):
    """A command that refuses empty values."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _check_values(self, ctx, args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        own = ctx.find_object(Settings)
        for name, value in ctx.params.items():
            if own is not None and ctx.get_parameter_source(name) == ParameterSource.DEFAULT_MAP:
                click.echo(f"pte-review: --{name} {value}, from {own.file}", err=True)
        return super().invoke(ctx)


class Group(click.Group):
    """A group that refuses empty values. `places` are its commands by name, as `module:NAME`.

    Its --help imports them all, as each says itself what it does.
    """

    def __init__(self, *arguments: Any, places: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.places = places

    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.places and cmd_name not in self.commands:
            module, _, name = self.places[cmd_name].partition(":")
            self.add_command(getattr(import_module(module), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _check_values(self, ctx, args)
        return super().parse_args(ctx, args)
