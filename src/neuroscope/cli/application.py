"""Group of all commands: neuroscope's own, and those of plugins, by name and summary until one is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from neuroscope.cli.errors import errors_reported
from neuroscope.errors import PluginBroken
from neuroscope.plugin.failures import failures_told
from neuroscope.runtime.wording import printable

if TYPE_CHECKING:
    from neuroscope.plugin.loading import Plugins
    from neuroscope.plugin.registry import Entry

_PANEL = "Commands of plugins"


class Application(TyperGroup):
    """Group of our own commands and those of plugins, loaded when help is asked for or a name is not our own."""

    def list_commands(self, ctx: Any) -> list[str]:
        """List our own commands in their order, then those of plugins by name."""
        return [*super().list_commands(ctx), *(entry.name for entry in _plugins(ctx).commands)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Find a command by its name; None where there is none."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        entry = _plugins(ctx).commands.entries.get(cmd_name)
        return PluginCommand(entry) if entry else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that was typed; an unknown name is reported with those that exist."""
        if self.get_command(ctx, args[0]) is None:
            with errors_reported(ctx.obj.debug):
                _plugins(ctx).commands.check_uncontested(args[0])
                raise _plugins(ctx).commands.unknown(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


class PluginCommand(TyperCommand):
    """Command that a plugin registered: imported when it is run, or asked for its help; its errors end like ours."""

    def __init__(self, entry: Entry[typer.Typer]) -> None:
        super().__init__(entry.name, help=escape(printable(entry.summary)), rich_help_panel=_PANEL)
        self._entry = entry

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Leave everything that was typed to the command itself."""
        ctx.args = args
        return args

    def invoke(self, ctx: Any) -> Any:
        """Import the command and run it in the place of this one."""
        with errors_reported(ctx.obj.debug):
            command = get_command(_application_of(self._entry))
            with command.make_context(ctx.info_name, ctx.args, parent=ctx.parent) as own:
                return command.invoke(own)


def _plugins(ctx: Any) -> Plugins:
    with errors_reported(ctx.obj.debug):
        plugins: Plugins = ctx.obj.load()
        return plugins


def _application_of(entry: Entry[typer.Typer]) -> typer.Typer:
    """Return the registered application, or the one that the registered factory makes."""
    made = entry.make
    application: object = made
    if not isinstance(made, typer.Typer):
        with failures_told(f"{entry.plugin}: the factory of command '{entry.name}'"):
            application = made()
    if not isinstance(application, typer.Typer):
        found = type(application).__name__
        raise PluginBroken(f"{entry.plugin}: the factory of command '{entry.name}' returns {found}, not a typer.Typer")
    return application
