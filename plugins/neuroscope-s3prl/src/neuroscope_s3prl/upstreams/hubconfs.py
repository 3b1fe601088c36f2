"""Names that s3prl's ``hubconf.py`` files define, read from their text: no line of s3prl runs."""

from __future__ import annotations

import ast
import functools
import importlib.util
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from neuroscope import MissingDependency, UnknownName
from neuroscope_s3prl.mockingjay.modules import INSTALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DOWNLOADERS = ("_urls_to_filepaths", "urls_to_filepaths")


@dataclass(frozen=True, slots=True)
class Entry:
    """One name that an upstream's ``hubconf.py`` offers.

    Attributes:
        name: of the function.
        upstream: the folder of ``s3prl/upstream`` that defines it.
        summary: the first line of its docstring that says something; empty = it has none.
        urls: what s3prl would download for it, in order.
        takes_file: whether it wants a checkpoint from its user.
    """

    name: str
    upstream: str
    summary: str
    urls: tuple[str, ...]
    takes_file: bool

    @property
    def module(self) -> str:
        """The module that holds the function."""
        return f"s3prl.upstream.{self.upstream}.hubconf"


def folder() -> Path:
    """Return the folder of the installed s3prl, which is not imported.

    Raises:
        MissingDependency: it is not installed.
    """
    spec = importlib.util.find_spec("s3prl")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise MissingDependency("s3prl", "it is not installed", INSTALL)
    return Path(places[0])


def find(name: str) -> Entry:
    """Find one entry.

    Raises:
        UnknownName: no ``hubconf.py`` defines the name.
        MissingDependency: s3prl is not installed.
    """
    known = entries()
    if name not in known:
        raise UnknownName("upstream of s3prl", name, known, "All of them: neuroscope list s3prl:")
    return known[name]


def entries() -> Mapping[str, Entry]:
    """List the entries of every ``hubconf.py``, by name.

    Raises:
        MissingDependency: s3prl is not installed.
    """
    return _entries(folder() / "upstream")


@functools.cache
def _entries(upstreams: Path) -> Mapping[str, Entry]:
    hubconfs = {each.parent.name: _Hubconf(each) for each in sorted(upstreams.glob("*/hubconf.py"))}
    found: dict[str, Entry] = {}
    for upstream, hubconf in hubconfs.items():
        for name, function in hubconf.functions.items():
            # vq_wav2vec calls one of its functions wav2vec2_local: a name goes to the folder that it is named after.
            if name not in found or _shared(name, upstream) > _shared(name, found[name].upstream):
                urls, takes_file = hubconf.wants(name)
                found[name] = Entry(name, upstream, _summary(function), urls, takes_file)
        for name, (other, original) in hubconf.imported.items():
            if name not in found and other in hubconfs and original in hubconfs[other].functions:
                urls, takes_file = hubconfs[other].wants(original)
                found[name] = Entry(name, upstream, "", urls, takes_file)
    return dict(sorted(found.items()))


def _shared(name: str, upstream: str) -> int:
    return len(upstream) if name.startswith(upstream) else 0


class _Hubconf:
    """One ``hubconf.py``, parsed.

    Attributes:
        functions: public functions, by name.
        imported: name -> (upstream, name there) of functions that come from another ``hubconf.py``.
    """

    def __init__(self, path: Path) -> None:
        tree = ast.parse(path.read_text("utf-8"))
        self.functions = {
            each.name: each for each in tree.body if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
        }
        self.imported = {
            alias.asname or alias.name: (each.module.split(".")[0], alias.name)
            for each in tree.body
            if isinstance(each, ast.ImportFrom) and each.module and each.module.endswith(".hubconf")
            for alias in each.names
        }

    def wants(self, name: str) -> tuple[tuple[str, ...], bool]:
        """Find the addresses that a function loads from, and whether it wants a file: followed from call to call."""
        seen: list[str] = []
        while name in self.functions and name not in seen:
            seen.append(name)
            function = self.functions[name]
            if urls := tuple(_urls(function)):
                return urls, False
            called = [each for each in _calls(function) if each in self.functions or each in self.imported]
            if not called:
                break
            name = called[-1]
        parameters = [each.arg for each in self.functions[seen[0]].args.args]
        generic = self.functions[seen[0]].args.vararg is not None and seen[0].rpartition("_")[2] in ("local", "url")
        return (), bool({"ckpt", "model_config"} & set(parameters)) or generic


def _urls(function: ast.FunctionDef) -> Iterator[str]:
    """Yield what is assigned to ``kwargs["ckpt"]`` last, else what is given to s3prl's downloader."""
    named: dict[str, str] = {}
    asked: dict[str, str] = {}
    downloaded: list[str] = []
    for node in _in_order(function):
        text = _text(getattr(node, "value", None))
        if isinstance(node, ast.Assign) and text is not None:
            target = node.targets[0]
            if isinstance(target, ast.Name):
                named[target.id] = text
            elif isinstance(target, ast.Subscript) and (key := _text(target.slice)):
                asked[key] = text
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _DOWNLOADERS:
            given = [named.get(each.id) if isinstance(each, ast.Name) else _text(each) for each in node.args]
            downloaded += [each for each in given if each]
    yield from (each for each in (*asked.values(), *downloaded) if each.startswith("https://"))


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        yield from _in_order(child)


def _calls(function: ast.FunctionDef) -> list[str]:
    return [
        node.func.id for node in _in_order(function) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _summary(function: ast.FunctionDef) -> str:
    lines = inspect.cleandoc(ast.get_docstring(function) or "").splitlines()
    return next((line.strip().rstrip(".") for line in lines if line.strip()), "")
