"""Bytes of a URL into a file beside its place: resumed where an earlier try ended, checked, and renamed when whole."""

from __future__ import annotations

import errno
import http.client
import shutil
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from neuroscope.weights.failures import PAGE, bytes_of, failed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any, BinaryIO

    from neuroscope.contracts.progress import Advance, Progress

TIMEOUT = 20.0
"""Seconds without a byte after which a connection is given up."""
PAUSES = (1.0, 2.0, 4.0)
"""Seconds before the next try, while none brings anything."""
_SCHEMES = frozenset({"http", "https"})
_PIECE = 1 << 20
_AGAIN = "What has come is kept: run the command again, and it goes on from there."


@dataclass(frozen=True, slots=True)
class Source:
    """Where bytes come from.

    Attributes:
        url: http or https.
        what: for people: ``model.bin of the repository x/y``.
        headers: of the request; an authorization goes to the URL's own host alone.
        size: bytes that are expected; None = what the server says.
        version_in: the file that keeps which version of the content a server sends, so that no half of another one is
            gone on from; None where the name of what is written says it already.
    """

    url: str
    what: str
    headers: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    version_in: Path | None = None


class _Broken(Exception):
    """A transfer that ended early, and that may be tried again."""


@contextmanager
def _told_as_broken() -> Iterator[None]:
    """Take what goes wrong on the way from the server for a break of the connection."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise _Broken(str(reason) or type(reason).__name__) from None


def is_same_host(url: str, other: str) -> bool:
    """Whether two addresses are of one server, spoken to in one way: only such a one may hear what the other heard."""
    first, second = urlsplit(url), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow a server's word to another place on the web, with the authorization for the first host alone."""

    def __init__(self, what: str) -> None:
        self._what = what

    def redirect_request(self, req: urllib.request.Request, *answer: Any) -> urllib.request.Request | None:
        """Make the next request, or none."""
        request = super().redirect_request(req, *answer)
        if request is not None and urlsplit(request.full_url).scheme not in _SCHEMES:
            answer[0].close()  # the connection
            raise failed(self._what, f"the server sends to {request.full_url}", "Look whether the address is right.")
        if request is not None and not is_same_host(request.full_url, req.full_url):
            request.remove_header("Authorization")
        return request


def fetch(source: Source, stream: BinaryIO, progress: Progress) -> None:
    """Bring what is missing of a file to its end.

    Args:
        source: where from.
        stream: what an earlier try has left, open for appending.
        progress: is told the bytes.

    Raises:
        MissingData: the server refuses, or the connection breaks again and again; what came stays in the file.
        OSError: the disk is full, or cannot be written.
    """
    if urlsplit(source.url).scheme not in _SCHEMES:
        raise failed(source.what, f"{source.url} is no address of the web", "Look at who announces it.")
    pauses = iter(PAUSES)
    with _Transfer(source, stream, progress) as transfer:
        while True:
            before = transfer.had
            try:
                transfer.go_on()
                return
            except _Broken as error:
                if transfer.had > before:
                    pauses = iter(PAUSES)
                pause = next(pauses, None)
                if pause is None:
                    raise transfer.broken(str(error)) from None
                time.sleep(pause)


class _Transfer:
    """One file on its way."""

    def __init__(self, source: Source, stream: BinaryIO, progress: Progress) -> None:
        self._source, self._stream, self._progress = source, stream, progress
        self._total = source.size
        self._bar: Advance | None = None
        self._closing: AbstractContextManager[Advance] | None = None
        self.had = stream.seek(0, 2)
        self._opener = urllib.request.build_opener(_Redirects(source.what))

    def __enter__(self) -> _Transfer:
        return self

    def __exit__(self, *error: object) -> None:
        if self._closing is not None:
            self._closing.__exit__(None, None, None)

    def go_on(self) -> None:
        """Ask for what is missing, and write it."""
        if self._total is not None and self.had > self._total:
            self._start_over()
        if self.had == self._total:
            return
        with _told_as_broken():
            try:
                response = self._opener.open(self._request(), timeout=TIMEOUT)
            except urllib.error.HTTPError as error:
                self._refused(error)
                return
        with response:
            self._begin(response)
            self._copy(response)
        if self._total is not None and self.had < self._total:
            raise _Broken("the connection ended early")

    def _request(self) -> urllib.request.Request:
        """Make the request of what is missing; of all where nobody knows what the bytes that are here belong to."""
        source, version = self._source, ""
        if self.had and source.version_in is not None:
            version = source.version_in.read_text("utf-8") if source.version_in.exists() else ""
            if not version:
                self._start_over()
        headers = {**source.headers, "Accept-Encoding": "identity"}
        request = urllib.request.Request(source.url, headers=headers)
        if self.had:
            request.add_header("Range", f"bytes={self.had}-")
        if version:
            request.add_header("If-Range", version)
        return request

    def _begin(self, response: http.client.HTTPResponse) -> None:
        """See from which byte the server goes on, and how many there are."""
        if response.headers.get_content_type() == "text/html":
            raise failed(self._source.what, "the server sends a web page in its place", PAGE)
        if response.status == http.client.PARTIAL_CONTENT:
            span, _, total = (response.headers.get("Content-Range") or "").removeprefix("bytes ").partition("/")
            if span.partition("-")[0] != str(self.had):
                self._start_over()
                raise _Broken("the server goes on from another place than was asked")
        else:
            self._start_over()
            self._keep_version(response)
            total = response.headers.get("Content-Length") or ""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise failed(self._source.what, "the server sends it packed", "Download it by hand.")
        if total.isdigit():
            self._settle(int(total))
        self._show()

    def _keep_version(self, response: http.client.HTTPResponse) -> None:
        if self._source.version_in is not None:
            tag = response.headers.get("ETag") or ""
            strong = tag if not tag.startswith("W/") else ""
            self._source.version_in.write_text(strong or response.headers.get("Last-Modified") or "", "utf-8")

    def _settle(self, total: int) -> None:
        if self._total is not None and total != self._total:
            self._start_over()
            raise failed(
                self._source.what,
                f"the server sends {bytes_of(total)}, and {bytes_of(self._total)} were announced",
                "Run the command again; if it stays so, the server's copy is damaged.",
            )
        self._total = total
        needed = total - self.had
        free = shutil.disk_usage(Path(self._stream.name).parent).free
        if needed > free:
            raise OSError(errno.ENOSPC, f"{bytes_of(needed)} are needed, and {bytes_of(free)} are free")

    def _show(self) -> None:
        if self._bar is None:
            self._closing = self._progress(f"Downloading {self._source.what}", self._total or 0)
            self._bar = self._closing.__enter__()
            self._bar(self.had)

    def _copy(self, response: http.client.HTTPResponse) -> None:
        while True:
            with _told_as_broken():
                piece = response.read1(_PIECE)
            if not piece:
                return
            if self._total is not None and self.had + len(piece) > self._total:
                self._settle(self.had + len(piece))
            self._stream.write(piece)
            self._stream.flush()
            self.had += len(piece)
            if self._bar is not None:
                self._bar(len(piece))

    def _start_over(self) -> None:
        self._stream.truncate(0)
        if self._bar is not None:
            self._bar(-self.had)
        self.had = 0

    def _refused(self, error: urllib.error.HTTPError) -> None:
        code = error.code
        error.close()
        if code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            if error.headers.get("Content-Range") == f"bytes */{self.had}":
                return  # all had come already
            self._start_over()
            raise _Broken("the server has fewer bytes than there were") from None
        if code >= http.client.INTERNAL_SERVER_ERROR or code in {408, 429}:
            raise _Broken(f"the server answers {code} {error.reason}") from None
        advice = "Look whether the address is right, and whether you may read it."
        raise failed(self._source.what, f"the server answers {code} {error.reason}", advice) from None

    def broken(self, reason: str) -> Exception:
        """Make the error of a transfer that ended early for good."""
        if not self.had:
            return failed(self._source.what, reason, "Look at the connection, and run the command again.")
        whole = f" of {bytes_of(self._total)}" if self._total is not None else ""
        return failed(self._source.what, f"{reason}, after {bytes_of(self.had)}{whole}", _AGAIN)
