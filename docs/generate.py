"""Writes the reference pages that are made from the code: ``make generate``. A test compares them with the files."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

import neuroscope
from neuroscope import defaults, errors, testing
from neuroscope.cli.main import build
from neuroscope.contracts.rows import Row
from neuroscope.plugin import hookspecs
from neuroscope.plugin.loading import COMMAND, KINDS, Plugins
from neuroscope.plugin.options import to_text

DOCS = Path(__file__).parent


def hooks() -> str:
    """One section a hook: signature and docstring."""
    parts = ["# Hooks", "", _text(hookspecs), "", *_registrar()]
    for kind in (*KINDS, COMMAND):
        hook = getattr(hookspecs, f"register_{kind}s")
        parts += ["", f"## register_{kind}s", "", f"`{hook.__name__}{inspect.signature(hook)}`", "", _text(hook)]
    return "\n".join(parts) + "\n"


def _registrar() -> list[str]:
    from neuroscope.plugin.registry import Registrar

    call = Registrar.__call__
    signature = str(inspect.signature(call)).replace("(self, ", "(")
    return ["## register", "", f"`register{signature}`", "", "```text", _text(call), "```"]


def components() -> str:
    """Every component of the plugins that come with neuroscope, with its options."""
    plugins = Plugins.load(strict=True)
    parts = ["# Components", "", "What the plugins that come with neuroscope bring. `neuroscope show KIND NAME` prints"]
    parts += ["the same for whatever is installed."]
    for kind, registry in plugins.registries.items():
        parts += ["", f"## {kind.capitalize()}s"]
        for entry in registry:
            parts += ["", f"### {kind} `{entry.name}`", "", f"{entry.summary} (from `{entry.plugin.split(':')[0]}`)"]
            if entry.options:
                parts += ["", "| option | default | expects |", "|---|---|---|"]
                parts += [
                    f"| `{option.name}` | `{to_text(option.default)}` | {option.expects} |"
                    for option in entry.options.values()
                ]
        if not registry.entries:
            parts += ["", f"No {kind} comes with neuroscope yet; plugins may register them."]
    parts += ["", "## Presets", "", "| preset | probe | source |", "|---|---|---|"]
    parts += [f"| `{name}` | `{preset.probe}` | {preset.source} |" for name, preset in defaults.PRESETS.items()]
    return "\n".join(parts) + "\n"


def command_line() -> str:
    """The help of every command, as a terminal of 100 columns shows it."""
    parts = ["# Command line"]
    for path in _paths(get_command(build()), []):
        parts += ["", " ".join(["## neuroscope", *path]), "", "```text", _help(path), "```"]
    return "\n".join(parts) + "\n"


def _paths(command: Any, path: list[str]) -> Iterator[list[str]]:
    """A command and those below it."""
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from _paths(below, [*path, name])


def _help(arguments: list[str]) -> str:
    from typer.testing import CliRunner

    environment = {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1", "TERM": "dumb"}
    output = CliRunner(env=environment).invoke(build(), [*arguments, "--help"], prog_name="neuroscope").output
    return "\n".join(line.rstrip() for line in output.splitlines()).strip("\n")


def error_page() -> str:
    """Every error a user may meet."""
    parts = ["# Errors", "", _text(errors), ""]
    kinds = [each for each in vars(errors).values() if inspect.isclass(each) and each.__module__ == errors.__name__]
    for kind in kinds:
        parts += [f"## {kind.__name__}", "", _text(kind).split("\n\nArgs:")[0], ""]
    return "\n".join(parts)


def run_folder() -> str:
    """The columns of the tidy table."""
    intro = (DOCS / "reference" / "run-folder.in.md").read_text()
    columns = "\n".join(f"| `{name}` | {kind} |" for name, kind in Row.__annotations__.items())
    return intro.replace("{{columns}}", f"| column | type |\n|---|---|\n{columns}")


def datasets_page() -> str:
    """Every dataset: of a published corpus where to get it, how it has to lie, and what is read of it."""
    parts: list[str] = []
    corpora = _corpora()
    for entry in Plugins.load(strict=True).datasets:
        parts += [f"## {entry.name}", ""]
        if corpus := corpora.get(entry.name):
            parts += [f"{corpus.title}.", "", f"- From: {corpus.source}", f"- Licence: {corpus.licence}"]
            parts += [f"- Size: {corpus.size}", f"- `--root`: {corpus.folder}", ""]
            parts += ["Any of these trees:" if len(corpus.layouts) > 1 else "The tree:", ""]
            parts += [line for layout in corpus.layouts for line in ("```text", layout, "```", "")]
            parts += ["| column | what it holds |", "|---|---|"]
            parts += [f"| `{name}` | {what} |" for name, what in corpus.columns]
            parts += ["", *(f"- {note}" for note in corpus.notes), ""]
        else:
            parts += [_sentence(entry.summary), "", *_paragraphs(entry), ""]
        parts += [*_options(entry), ""]
    return _filled("datasets", parts)


def _corpora() -> dict[str, Any]:
    """Dataset -> what its reader tells of the corpus."""
    from neuroscope_speech_tasks import corpora
    from neuroscope_speech_tasks.reading.corpus import Corpus

    names = [each.name for each in pkgutil.iter_modules(corpora.__path__)]
    modules = [importlib.import_module(f"{corpora.__name__}.{name}") for name in names]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Corpus)]
    return {each.dataset: each for each in found}


def tasks_page() -> str:
    """Every task of the plugin of speech tasks: what is asked, of which data, and how it is split."""
    parts: list[str] = []
    for entry in Plugins.load(strict=True).tasks:
        if entry.plugin.startswith("neuroscope-speech-tasks:"):
            parts += [f"## {entry.name}", "", *_paragraphs(entry), "", *_options(entry), ""]
    return _filled("tasks", parts)


def _paragraphs(entry: Any) -> list[str]:
    """The text of a component's docstring, a blank line between its paragraphs."""
    return [line for each in entry.documentation.text.split("\n") if each for line in (each, "")][:-1]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _options(entry: Any) -> list[str]:
    """The table of a component's options."""
    if not entry.options:
        return []
    said = {name: _cell(entry.documentation.arguments.get(name, "")) for name in entry.options}
    defaults = {
        name: f"`{text}`" if (text := to_text(option.default)) else "–" for name, option in entry.options.items()
    }
    rows = [f"| `{name}` | {defaults[name]} | {said[name]} |" for name in entry.options]
    return ["| option | default | what it is |", "|---|---|---|", *rows]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _filled(page: str, parts: list[str]) -> str:
    intro = (DOCS / "reference" / f"{page}.in.md").read_text()
    return intro.replace(f"{{{{{page}}}}}", "\n".join(parts).strip())


def plugins_page() -> str:
    """The page on plugins with its two generated parts anew: public names, and hooks."""
    page = (DOCS / "plugins.md").read_text()
    names = ["| what it is about | names |", "|---|---|"]
    for module, public in neuroscope._HOMES.items():
        about = _text(importlib.import_module(module)).partition("\n")[0]
        names += [f"| {about} | {', '.join(f'`{name}`' for name in public.split())} |"]
    hooks = []
    for name in (name for name, value in vars(hookspecs).items() if hasattr(value, "neuroscope_spec")):
        hooks += [f"### {name}", "", _text(getattr(hookspecs, name)), ""]
        if (DOCS / (how_to := f"how-to/write-a-{name.removeprefix('register_').removesuffix('s')}.md")).exists():
            hooks += [f"A complete one: [{Path(how_to).stem.replace('-', ' ')}]({how_to}).", ""]
    return _between(_between(page, "names", names), "hooks", hooks)


def _between(page: str, part: str, lines: list[str]) -> str:
    """The page with other lines between the markers of a part."""
    first, last = f"<!-- {part}: written by docs/generate.py -->", f"<!-- end of {part} -->"
    before, after = page.partition(first)[0], page.partition(last)[2]
    return "\n".join([before + first, "", *lines]).rstrip("\n") + f"\n\n{last}{after}"


def checks_page() -> str:
    """Every check of the compliance kit, by kind."""
    parts = []
    for kind in testing.KINDS:
        parts += [f"## {'Distributions' if kind == 'plugin' else f'{kind.capitalize()}s'}", ""]
        parts += [f"`neuroscope check {kind} {_CHECKED[kind]}`", "", "| check | what holds |", "|---|---|"]
        parts += [f"| `{check.__name__}` | {_text(check)} |" for check in testing.checks_of(kind)]
        parts += [""]
    intro = (DOCS / "reference" / "checks.in.md").read_text()
    return intro.replace("{{checks}}\n", "\n".join(parts))


_CHECKED = {
    **dict.fromkeys(("backbone", "pooling", "probe", "ranking"), "NAME[,key=value…]"),
    "dataset": "NAME[,key=value…] [PATH]",
    "task": "NAME[,key=value…] [PATH]",
    "plugin": "DISTRIBUTION",
}


def _text(thing: object) -> str:
    return inspect.getdoc(thing) or ""


PAGES: dict[str, Callable[[], str]] = {
    "plugins.md": plugins_page,
    "reference/hooks.md": hooks,
    "reference/components.md": components,
    "reference/command-line.md": command_line,
    "reference/errors.md": error_page,
    "reference/checks.md": checks_page,
    "reference/run-folder.md": run_folder,
    "reference/datasets.md": datasets_page,
    "reference/tasks.md": tasks_page,
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
