"""A hub on this machine: what plugins download from is tried without a network, with faults where they are wanted.

::

    with LocalHub(folder) as hub, hub.used(tmp_path / "home"):  # folder/owner/name/model.safetensors
        hub.fault("owner/name/model.safetensors", cut=1000)
        file = weights.hub_file("owner/name", "model.safetensors")
    assert [each.range for each in hub.requests if each.method == "GET"] == ["", "bytes=1000-"]

It listens on 127.0.0.1 alone, speaks what ``huggingface_hub`` asks about models, and stops with its block.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LocalHub", "Request"]

_LARGE = (".bin", ".safetensors", ".pt", ".pth", ".ckpt", ".msgpack", ".h5")
"""Endings of what a hub keeps apart, names by its sha256 and serves from another host."""
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the hub got.

    Attributes:
        method: ``HEAD`` or ``GET``.
        path: of the URL.
        range: the bytes that were asked for, ``bytes=5-``; empty = all.
        token: what came as authorization; empty = nothing.
    """

    method: str
    path: str
    range: str
    token: str


@dataclass
class _Fault:
    status: int | None
    error: str
    cut: int | None
    content: bytes | None
    times: float


class LocalHub:
    """A hub that serves a folder, from the begin of a ``with`` to its end.

    Args:
        folder: of repositories, ``owner/name/`` with the files of each; read anew for each request.

    Attributes:
        endpoint: its address, for ``HF_ENDPOINT``.
        requests: all that it got about repositories, in order.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._faults: list[tuple[str, _Fault]] = []
        self.requests: list[Request] = []
        self._server = _Server(("127.0.0.1", 0), partial(_Handler, self))
        self.port = self._server.server_address[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> LocalHub:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def fault(
        self,
        place: str,
        *,
        status: int | None = None,
        error: str = "",
        cut: int | None = None,
        content: bytes | None = None,
        times: float = 1,
    ) -> None:
        """Let requests go wrong.

        Args:
            place: ``owner/name``, or ``owner/name/file`` in it.
            status: answered instead, to any request.
            error: the hub's code of it: ``GatedRepo``, ``RepoNotFound``, ``RevisionNotFound``, ``EntryNotFound``.
            cut: bytes of a GET's answer after which the connection ends.
            content: sent to a GET instead of the file's.
            times: so many requests; ``inf`` = all.
        """
        self._faults.append((place, _Fault(status, error, cut, content, times)))

    def mend(self) -> None:
        """Take all faults back."""
        self._faults.clear()

    def faults_of(self, place: str, method: str) -> _Fault | None:
        """Take one fault of a request, if there is any left."""
        for where, fault in self._faults:
            fits = where == place or place.startswith(f"{where}/")
            if fits and fault.times > 0 and (fault.status is not None or method == "GET"):
                fault.times -= 1
                return fault
        return None

    def environment(self, home: Path) -> dict[str, str]:
        """Return the environment of a child process that is to ask this hub: this one's, without any token.

        Args:
            home: for ``HF_HOME``, the folder of what is downloaded.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_") and name not in _TOKENS}
        own = {"HF_ENDPOINT": self.endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
        return kept | own | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}

    @contextmanager
    def used(self, home: Path) -> Iterator[None]:
        """Let this process ask this hub, though ``huggingface_hub`` may have read its environment before.

        Args:
            home: for ``HF_HOME``, the folder of what is downloaded.
        """
        with mock.patch.dict(os.environ, self.environment(home), clear=True):
            constants = importlib.import_module("huggingface_hub.constants")
            wanted = {
                "ENDPOINT": self.endpoint,
                "HUGGINGFACE_CO_URL_TEMPLATE": self.endpoint + "/{repo_id}/resolve/{revision}/{filename}",
                "HF_URL_HOSTS": frozenset({"127.0.0.1"}),
                **{"HF_HOME": str(home), "HF_HUB_CACHE": str(home / "hub"), "HUGGINGFACE_HUB_CACHE": str(home / "hub")},
                **{"HF_TOKEN_PATH": str(home / "token"), "HF_STORED_TOKENS_PATH": str(home / "stored_tokens")},
                "HF_HUB_OFFLINE": False,
            }
            there = {name: value for name, value in wanted.items() if hasattr(constants, name)}
            functions = importlib.import_module(
                "huggingface_hub.hf_api"
            ).api  # whose methods are functions of the package
            with mock.patch.dict(vars(constants), there), mock.patch.object(functions, "endpoint", self.endpoint):
                yield

    def files(self, repo: str) -> dict[str, Path]:
        """List the files of a repository by their names in it; empty where there is none."""
        folder = self._folder / repo
        if ".." in repo.split("/") or repo.count("/") > 1 or not folder.is_dir():
            return {}
        return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}

    def commit(self, repo: str) -> str:
        """Return the commit of a repository: 40 digits that change with its files."""
        digest = hashlib.sha1(usedforsecurity=False)
        for name, path in self.files(repo).items():
            digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return digest.hexdigest()


class _Server(ThreadingHTTPServer):
    """Listens; that a client went away is no news."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = 20

    def __init__(self, hub: LocalHub, *given: Any) -> None:
        self._hub = hub
        super().__init__(*given)

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/api/") and not path.startswith("/api/models/"):  # once a day, for the library's own sake
            self._refuse(404, "")
            return
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self._hub.requests.append(Request(self.command, path, self.headers.get("Range", ""), token))
        if path.startswith("/api/models/"):
            self._describe(path.removeprefix("/api/models/"))
        elif path.startswith("/cdn/"):
            repo, _, name = path.removeprefix("/cdn/").partition("//")
            if name in self._hub.files(repo):
                self._send(repo, name, {})
            else:
                self._refuse(404, "")
        else:
            repo, found, rest = path.strip("/").partition("/resolve/")
            revision, _, name = rest.partition("/")
            self._resolve(repo, revision, name) if found else self._refuse(404, "")

    def _resolve(self, repo: str, revision: str, name: str) -> None:
        """Say where a file is and what it is called, or send it."""
        files, commit = self._hub.files(repo), self._hub.commit(repo)
        fault = self._hub.faults_of(f"{repo}/{name}", "HEAD")
        if fault is not None and fault.status is not None:
            self._refuse(fault.status, fault.error)
        elif not files:
            known = "Authorization" in self.headers
            self._refuse(404 if known else 401, "RepoNotFound")
        elif revision not in {"main", commit}:
            self._refuse(404, "RevisionNotFound")
        elif name not in files:
            self._refuse(404, "EntryNotFound", {"X-Repo-Commit": commit})
        elif name.endswith(_LARGE):
            content = files[name].read_bytes()
            about = {"X-Repo-Commit": commit, "X-Linked-Etag": f'"{hashlib.sha256(content).hexdigest()}"'}
            elsewhere = f"http://localhost:{self._hub.port}/cdn/{repo}//{name}"
            self._say(302, b"", {**about, "X-Linked-Size": str(len(content)), "Location": elsewhere})
        else:
            self._send(repo, name, {"X-Repo-Commit": commit})

    def _send(self, repo: str, name: str, about: dict[str, str]) -> None:
        """Send a file, or the part of it that was asked for, with the faults that are wanted."""
        content = self._hub.files(repo)[name].read_bytes()
        etag = f'"{_blob(content)}"'
        fault = self._hub.faults_of(f"{repo}/{name}", self.command)
        if fault is not None and fault.status is not None:
            self._refuse(fault.status, fault.error)
            return
        if fault is not None and fault.content is not None:
            content = fault.content
        status, headers = 200, {**about, "ETag": etag, "Accept-Ranges": "bytes"}
        asked = self.headers.get("Range", "").removeprefix("bytes=").partition("-")[0]
        if asked and self.headers.get("If-Range", etag) == etag:
            begin, whole = int(asked), len(content)
            if begin >= whole:
                self._say(416, b"", {"Content-Range": f"bytes */{whole}"})
                return
            status, content = 206, content[begin:]
            headers["Content-Range"] = f"bytes {begin}-{whole - 1}/{whole}"
        self._say(status, content, headers, None if fault is None else fault.cut)

    def _describe(self, rest: str) -> None:
        """Answer what ``model_info`` and the listing of a tree ask."""
        parts = rest.split("/")
        repo = "/".join(parts[:2])
        files, commit = self._hub.files(repo), self._hub.commit(repo)
        if not files:
            self._refuse(404, "RepoNotFound")
        elif parts[2:] and (parts[2] not in {"tree", "revision"} or parts[3:4] not in ([], ["main"], [commit])):
            self._refuse(404, "RevisionNotFound")
        elif parts[4:]:
            self._refuse(404, "EntryNotFound")
        elif parts[2:3] == ["tree"]:
            tree = [
                {"type": "file", "path": name, "size": path.stat().st_size, "oid": _blob(path.read_bytes())}
                for name, path in files.items()
            ]
            self._say(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
        else:
            about = {"_id": commit[:24], "id": repo, "modelId": repo, "sha": commit, "private": False, "gated": False}
            about |= {"siblings": [{"rfilename": name} for name in files], "tags": [], "downloads": 0, "likes": 0}
            self._say(200, json.dumps(about).encode(), {"Content-Type": "application/json"})

    def _refuse(self, status: int, error: str, about: dict[str, str] | None = None) -> None:
        self._say(status, b"", {**(about or {}), **({"X-Error-Code": error} if error else {})})

    def _say(self, status: int, content: bytes, headers: dict[str, str], cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[:cut])
            self.close_connection = cut is not None


def _blob(content: bytes) -> str:
    """What git calls a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
