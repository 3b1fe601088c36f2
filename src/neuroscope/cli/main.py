"""Build the application from its commands."""

from __future__ import annotations

import functools
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from neuroscope.cli import describe, extract, importing, listing, neurons, probe, showing, store
from neuroscope.cli.application import Application
from neuroscope.cli.authors import check, modules, new
from neuroscope.cli.errors import end_in_order_when_terminated, guarded
from neuroscope.cli.terminal import Session, complain
from neuroscope.plugin.loading import Plugins
from neuroscope.runtime.streams import discard, open_streams

if TYPE_CHECKING:
    from collections.abc import Callable

_ABOUT = (
    "What has a speech model learned, in which layers, in which neurons?\n\n"
    "Runs utterances through a pretrained speech model, pools each layer's frames into one vector an utterance, and "
    "trains simple probes on them.\n\n"
    "Start with: neuroscope probe --backbone B --task T --root FOLDER-OR-MANIFEST"
)


def build(load: Callable[[], Plugins] = Plugins.load) -> typer.Typer:
    """Build the application; ``load`` gives the plugins, once, to the command or the help that needs them."""
    session = Session(functools.cache(functools.partial(_load_telling, load)))
    app = typer.Typer(
        name="neuroscope",
        cls=Application,
        help=_ABOUT,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "obj": session},
    )

    @app.callback()
    def common(
        context: typer.Context,
        debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    ) -> None:
        context.obj = replace(session, debug=debug)

    app.command("probe")(guarded(probe.probe))
    app.command("neurons")(guarded(neurons.neurons))
    app.command("describe")(guarded(describe.describe))
    app.command("extract")(guarded(extract.extract))
    app.command("import")(guarded(importing.import_vectors))
    app.add_typer(store.build(guarded), name="store")
    app.command("list")(guarded(listing.list_components))
    app.command("show")(guarded(showing.show))
    app.command("plugins")(guarded(listing.list_plugins))
    app.command("check")(guarded(check.check))
    app.command("modules")(guarded(modules.modules))
    app.add_typer(new.build(guarded), name="new")
    return app


def _load_telling(load: Callable[[], Plugins]) -> Plugins:
    """Load the plugins, and warn of names that several of them register: who chooses one has to know whose it is."""
    plugins = load()
    for contested in plugins.contested:
        complain(f"Warning: {contested}")
    return plugins


def main() -> None:
    """Run the console script ``neuroscope``."""
    open_streams()
    end_in_order_when_terminated()
    try:
        build()()
    except OSError as error:  # of help, which no command guards
        discard(sys.stdout)
        complain(f"Error: stdout cannot be written: {error.strerror or error}")
        sys.exit(2)
