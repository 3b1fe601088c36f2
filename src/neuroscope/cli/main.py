"""The application: its commands, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuroscope.cli import extract, importing, listing, probe, store
from neuroscope.cli.terminal import Session, complain
from neuroscope.errors import NeuroscopeError
from neuroscope.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERRUPTED = 130
_ABOUT = (
    "What has a speech model learned, in which layers, in which neurons?\n\n"
    "Runs utterances through a pretrained speech model, pools each layer's frames into one vector an utterance, and "
    "trains simple probes on them.\n\n"
    "Start with: neuroscope probe --backbone B --task T --root FOLDER-OR-MANIFEST"
)


def build(load: Callable[[], Plugins] = Plugins.load) -> typer.Typer:
    """The application; ``load`` gives the plugins to the command that needs them."""
    app = typer.Typer(
        name="neuroscope",
        help=_ABOUT,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def common(
        context: typer.Context,
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    ) -> None:
        context.obj = Session(load, debug)

    app.command("probe")(guarded(probe.probe))
    app.command("extract")(guarded(extract.extract))
    app.command("import")(guarded(importing.import_vectors))
    app.add_typer(store.build(guarded), name="store")
    app.command("list")(guarded(listing.list_components))
    app.command("show")(guarded(listing.show))
    app.command("plugins")(guarded(listing.list_plugins))
    return app


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose errors end in one message and exit code 2, and whose interruption ends in 130."""

    @functools.wraps(command)
    def run(*, context: typer.Context, **arguments: Any) -> None:
        try:
            command(context=context, **arguments)
        except NeuroscopeError as error:
            if context.obj.debug:
                raise
            complain(f"Error: {error}")
            raise typer.Exit(2) from None
        except OSError as error:  # the file system said no where nothing better could be said
            if context.obj.debug:
                raise
            complain(f"Error: {error.filename or ''}: {error.strerror or error}")
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            complain("Interrupted. Whole batches are kept in the store: the same command goes on from there.")
            raise typer.Exit(_INTERRUPTED) from None

    return run


def main() -> None:
    """The console script ``neuroscope``."""
    build()()
