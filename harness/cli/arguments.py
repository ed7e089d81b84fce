# SPDX-License-Identifier: GPL-2.0-only
"""Commands that take an empty value for a mistake: `--shard "$UNSET"` must not mean that there is no --shard."""

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
    """A group that refuses empty values, and so do the commands that it makes."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _check_values(self, ctx, args)
        return super().parse_args(ctx, args)
