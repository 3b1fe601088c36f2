"""``neuroscope store``: show what is in the store, keep it in order, export from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from neuroscope import commands
from neuroscope.cli.terminal import progress_bar, say, write_object
from neuroscope.runtime.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from neuroscope.store.representations import Store, StoredRepresentation

Key = Annotated[str, typer.Argument(help="As `neuroscope store list` gives it, or its beginning.")]


def build(guarded: Callable[[Callable[..., None]], Callable[..., None]]) -> typer.Typer:
    """Build the group of commands, each guarded against errors."""
    app = typer.Typer(no_args_is_help=True, help="What is in the store: list, show, verify, prune, remove, export.")
    commands: dict[str, Callable[..., None]] = {
        "list": list_representations,
        "show": show,
        "verify": verify,
        "prune": prune,
        "remove": remove,
        "export": export,
    }
    for name, command in commands.items():
        app.command(name)(guarded(command))
    return app


def list_representations(context: typer.Context, json: commands.Json = False) -> None:
    """List the representations: backbone, rows, size, last use."""
    del context
    from neuroscope.store import catalogue

    found = [catalogue.summary(each) for each in _store().all()]
    if json:
        write_object({"store": str(_store().folder), "representations": found})
        return
    table = _table("key", "backbone", "pooling", "dtype", "rows", "size", "last use")
    for each in sorted(found, key=lambda record: (record["last_use"], record["key"]), reverse=True):
        said = each["problem"] or each["backbone"]
        row = (each["key"][:12], said, each["pooling"], each["dtype"], str(each["rows"]), _size(each["bytes"]))
        table.add_row(*map(Text, (*row, each["last_use"][:16].replace("T", " "))))
    total = _size(sum(each["bytes"] for each in found))
    say(table if found else "Nothing is stored yet.", "", f"{total} in {_store().folder}")


def show(context: typer.Context, key: Key, json: commands.Json = False) -> None:
    """Show one representation: what decides its numbers, its layers, its origin, what computed it."""
    del context
    from neuroscope.store import catalogue

    about = catalogue.details(_store().find(key))
    if json:
        write_object(about)
        return
    table = _table("", "")
    layers = ", ".join(f"{layer} ({width})" for layer, width in about.pop("layers").items())
    for name, value in {**about, "layers": layers, "bytes": f"{about['bytes']} ({_size(about['bytes'])})"}.items():
        for field, part in value.items() if isinstance(value, dict) else [("", value)]:
            table.add_row(Text(f"{name} {field}".strip()), Text(str(part)))
    say(table)


def verify(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="Only this representation (or the beginning of its key).")] = "",
    json: commands.Json = False,
) -> None:
    """Read everything and compare checksums; damaged shards are set aside, and are extracted or imported again."""
    del context
    from neuroscope.audio import segments
    from neuroscope.store import catalogue

    store = _store()
    found = [_verified(stored) for stored in ([store.find(key)] if key else store.all())]
    names = {} if key else catalogue.problems_with_names(store)
    audio = [] if key else [str(path.relative_to(store.folder)) for path in segments.remove_damaged(store.audio)]
    wrong = {name: problem for name, problem in names.items() if problem}
    if json:
        write_object({"representations": found, "names": names, "audio": audio})
    else:
        for each in found:
            damaged = f"{counted(len(each['set_aside']), 'damaged shard')} set aside; extract or import again"
            problems = [*([damaged] if each["set_aside"] else []), *([each["problem"]] if each["problem"] else [])]
            say(*(f"{each['key']}  {problem}" for problem in problems or ["whole"]))
        say(*(f"stored:{name}  {problem}" for name, problem in wrong.items()))
        if audio:
            say(f"{counted(len(audio), 'damaged part')} of the index of audio removed; the files are looked at anew")
    if wrong or audio or any(each["set_aside"] or each["problem"] for each in found):
        raise typer.Exit(1)


def _verified(stored: StoredRepresentation) -> dict[str, Any]:
    from neuroscope.errors import NeuroscopeError
    from neuroscope.store import catalogue

    set_aside, problem = [], ""
    try:
        set_aside = catalogue.verify(stored, progress_bar)
    except NeuroscopeError as error:
        problem = str(error)
    return {"key": stored.key, "set_aside": set_aside, "problem": problem or catalogue.problem_beside(stored)}


def prune(
    context: typer.Context,
    older_than: Annotated[
        float, typer.Option("--older-than", metavar="HOURS", help="Nothing that was written to since then.")
    ] = 24.0,
) -> None:
    """Remove unfinished files of writers that died, of exports and runs too, and damaged shards that were set aside."""
    del context
    from neuroscope.extraction.session import Workspace
    from neuroscope.store import catalogue

    removed = catalogue.prune(_store(), older_than, Workspace().folder / "runs")
    say(*(f"{path}  {_size(size)}" for path, size in removed.items()))
    say(f"{counted(len(removed), 'leftover')} removed, {_size(sum(removed.values()))} freed.")


def remove(context: typer.Context, key: Key) -> None:
    """Remove one representation; what was extracted can be extracted again."""
    del context
    store = _store()
    found = store.find(key)
    say(f"{found.key} removed, {_size(store.remove(found))} freed.")


def export(
    context: typer.Context,
    key: Key,
    file: Annotated[Path, typer.Argument(help="Ends in .npz, .safetensors or .parquet.")],
    dataset: commands.Dataset = "",
    root: commands.Root = None,
    data: commands.Roots = None,
    where: commands.Where = None,
) -> None:
    """Write vectors to a file: those of DATA, by utterance id; without DATA all, by audio digest."""
    from neuroscope import workflows

    chosen = commands.data_of(dataset, root, data, where) if dataset or root or data or where else None
    rows = workflows.export(key, file, chosen, plugins=context.obj.load(), progress=progress_bar)
    say(f"{counted(rows, 'row')} in {file}")


def _store() -> Store:
    from neuroscope.extraction.session import Workspace

    return Workspace().store


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        table.add_column(column)
    return table


def _size(size: int) -> str:
    for unit, least in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= least:
            return f"{size / least:.1f} {unit}"
    return f"{size} bytes"
