"""A command that is a job and a group at once: `screen SHEET` runs the job, `screen check` is a word of it.

The words are loaded when they are called, so that `--help` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class JobContext(click.Context):
    """The job's own context: usage and errors call it what the person typed, such as `bactrian screen`."""

    @property
    def command_path(self) -> str:
        """Give the path of the group, since the job has no word of its own."""
        return super().command_path if self.parent is None else self.parent.command_path


class Job(click.Command):
    """The job behind a group: what runs where the first word is none of the group's."""

    context_class = JobContext


class JobGroup(click.Group):
    """A group that runs its job by default.

    Args:
        arguments: Whatever Click's group takes.
        job: The job, of class `Job`; its name is none of the words.
        words: Where the command of each further word stands, as "module:attribute".
        usage: How the job is called and how the words are, for the help.
        options: Whatever Click's group takes.
    """

    def __init__(
        self,
        *arguments: Any,
        job: click.Command,
        words: Mapping[str, str],
        usage: tuple[str, str],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.job = job
        self.words = dict(words)
        self.usage = usage

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take whatever is not one of the words as the job's own arguments."""
        helps = set(ctx.help_option_names)
        if args and args[0] not in {*self.words, *helps}:
            args = [str(self.job.name), *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the words, without the job itself."""
        return list(self.words)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a word's command when it is called."""
        if cmd_name == self.job.name:
            return self.job
        if cmd_name not in self.words:
            return None
        module, _, attribute = self.words[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the job first."""
        job, words = self.usage
        formatter.write_usage(ctx.command_path, job)
        formatter.write_usage(ctx.command_path, words, prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the job's options, then the words."""
        params = [param for param in self.job.params if isinstance(param, click.Option)]
        options = [record for param in params if (record := param.get_help_record(ctx))]
        help_option = self.get_help_option(ctx)
        if help_option and (record := help_option.get_help_record(ctx)):
            options.append(record)
        with formatter.section("Options"):
            formatter.write_dl(options)
        self.format_commands(ctx, formatter)
