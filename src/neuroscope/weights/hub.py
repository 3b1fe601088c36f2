"""A file of a model repository on the Hugging Face hub, in the hub's own cache.

Where the file lies, who may have it and what it is called is left to ``huggingface_hub``, and so are ``HF_HOME``,
``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HUB_OFFLINE``, which it reads when it is first imported. The bytes are brought by
``transfer``: the library of today begins anew after an interruption.
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urljoin

from neuroscope.contracts.progress import silent
from neuroscope.errors import BadOption, MissingData
from neuroscope.plugin.registry import require
from neuroscope.runtime.wording import one_line
from neuroscope.weights.digests import digest_like, sha256_of
from neuroscope.weights.failures import OFFLINE, failed, is_put_off, put_off, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from neuroscope.contracts.progress import Progress

INSTALL = "pip install huggingface_hub"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")  # of a blob, as git has it; sha256 of a large file
_ETAG = re.compile(r"[0-9a-zA-Z_-]{1,128}")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a model repository, here.

    Attributes:
        path: in the hub's cache.
        repo: the repository, ``owner/name``.
        name: of the file in it.
        commit: of the repository, 40 hexadecimal digits.
        digest: sha256 of the file's bytes.
    """

    path: Path
    repo: str
    name: str
    commit: str
    digest: str


@overload
def hub_file(
    repo: str, name: str, *, revision: str | None = None, optional: Literal[False] = False, progress: Progress = silent
) -> HubFile: ...
@overload
def hub_file(
    repo: str, name: str, *, revision: str | None = None, optional: bool, progress: Progress = silent
) -> HubFile | None: ...
def hub_file(
    repo: str, name: str, *, revision: str | None = None, optional: bool = False, progress: Progress = silent
) -> HubFile | None:
    """Find a file of a model repository in the hub's cache, or download it into that; a broken download goes on.

    Args:
        repo: the repository, ``owner/name``.
        name: of the file in it.
        revision: branch, tag, or commit of 40 digits, of which a file in the cache costs no request; None = main.
        optional: whether the repository may lack the file. Where the hub is not asked, that takes proof: the mark which
            the library leaves in its cache, and so does this, when a hub says that there is no such file.
        progress: is told the bytes that have come.

    Returns:
        the file; None where it is optional, and the repository has none of that name.

    Raises:
        MissingDependency: ``huggingface_hub`` is not installed.
        BadOption: no repository, file or revision can be called so.
        MissingData: the file cannot be had: no such repository, file or revision, not allowed, offline, a connection
            that breaks, no room, or bytes that are not those that the hub announces.
    """
    hub = require("huggingface_hub", install=INSTALL)
    for module in ("constants", "errors", "utils"):
        require(f"huggingface_hub.{module}", install=INSTALL)
    for text in (name, "main" if revision is None else revision):
        if ".." in text.split("/") or not all(text.split("/")):
            raise BadOption(f"{text!a} is no name of a file or revision of the repository {repo!a}")
    asked = _Asked(hub, repo, name, revision)
    with asked.errors_told():
        path = asked.cached() if asked.costs_nothing else None
        if path is None:
            if optional and asked.costs_nothing and asked.is_known_as_absent:
                return None
            if asked.is_offline:
                raise asked.refused_offline(optional)
            path = asked.brought(optional, progress)
        if path is None:
            return None
        asked.check(path)
        return HubFile(path, repo, name, _commit_of(path), sha256_of(path))


def hub_files(
    repo: str, names: Sequence[str], *, revision: str | None = None, progress: Progress = silent
) -> HubFile | None:
    """Find the first of several files that a model repository has, as ``hub_file`` does.

    Returns:
        it; None where there is none of them.
    """
    for name in names:
        found = hub_file(repo, name, revision=revision, optional=True, progress=progress)
        if found is not None:
            return found
    return None


def _commit_of(path: Path) -> str:
    parts = path.parts
    return parts[len(parts) - 1 - parts[::-1].index("snapshots") + 1]


def _is_connection(error: Exception) -> bool:
    """Whether an error is one of the connection; the library has had several libraries below it."""
    below = type(error).__module__.partition(".")[0] in {"httpx", "httpx2", "requests"}
    return below or isinstance(error, ConnectionError | TimeoutError)


class _Asked:
    """One file that is asked for.

    Args:
        hub: the module ``huggingface_hub``.
        repo: the repository.
        name: of the file in it.
        revision: None = main.
    """

    def __init__(self, hub: Any, repo: str, name: str, revision: str | None) -> None:
        self._hub, self._repo, self._name, self._revision = hub, repo, name, revision
        at = f" at revision {revision}" if revision else ""
        self._what = one_line(f"{name} of {repo}{at}")
        self._cache = Path(hub.constants.HF_HUB_CACHE)

    @property
    def is_offline(self) -> bool:
        return is_put_off() or bool(self._hub.constants.HF_HUB_OFFLINE)

    @property
    def costs_nothing(self) -> bool:
        """Whether what is in the cache is what is asked for, without a question to the hub."""
        return self.is_offline or _COMMIT.fullmatch(self._revision or "") is not None

    def cached(self) -> Path | None:
        found = self._hub.try_to_load_from_cache(self._repo, self._name, revision=self._revision)
        return Path(found) if isinstance(found, str) else None

    @property
    def is_known_as_absent(self) -> bool:
        """Whether a hub once said of this very commit that it has no such file."""
        found = self._hub.try_to_load_from_cache(self._repo, self._name, revision=self._revision)
        return found is self._hub._CACHED_NO_EXIST  # public in all but its name, and so it is documented

    def refused_offline(self, optional: bool) -> MissingData:
        """Make the error of a file that cannot be asked for."""
        if not self._hub.constants.HF_HUB_OFFLINE:
            return put_off(
                self._what, self._cache, self._hub.hf_hub_url(self._repo, self._name, revision=self._revision)
            )
        unknown = ", nor that the repository lacks it" if optional else ""
        problem = f"it is not in the hub's cache{unknown}, and {OFFLINE} forbids to ask the hub"
        advice = f"Run once without it, or copy the cache of a machine that has run it ({self._cache})."
        return failed(self._what, problem, advice)

    @property
    def _folder(self) -> Path:
        return self._cache / f"models--{self._repo.replace('/', '--')}"

    def brought(self, optional: bool, progress: Progress) -> Path | None:
        """Ask the hub for the file, and bring what the cache lacks of it; out of reach, the cache serves."""
        url = self._hub.hf_hub_url(self._repo, self._name, revision=self._revision)
        try:
            about = self._hub.get_hf_file_metadata(url)
        except Exception as error:
            if optional and self._is_absent(error):
                self._mark_as_absent()
                return None
            if self._is_passing(error):
                if (path := self.cached()) is not None:
                    return path
                if optional and self.is_known_as_absent:
                    return None
            raise
        if about.commit_hash is None or not _ETAG.fullmatch(about.etag or ""):
            raise failed(self._what, f"{url} answers unlike a hub", "Look at HF_ENDPOINT.")
        here = self._hub.try_to_load_from_cache(self._repo, self._name, revision=about.commit_hash)
        if not isinstance(here, str):
            self._bring_blob(about, url, progress)
        with self._quiet():
            return Path(self._hub.hf_hub_download(self._repo, self._name, revision=self._revision))

    def _is_absent(self, error: Exception) -> bool:
        return isinstance(error, self._hub.errors.EntryNotFoundError)

    def _mark_as_absent(self) -> None:
        """Let the library leave the mark by which it knows again, without the hub, that a file is not there."""
        with self._quiet(), suppress(self._hub.errors.EntryNotFoundError, OSError):
            self._hub.hf_hub_download(self._repo, self._name, revision=self._revision)

    def _is_passing(self, error: Exception) -> bool:
        """Whether what was brought before serves: the hub is out of reach, ill, or no longer knows the user."""
        errors = self._hub.errors
        if isinstance(error, errors.EntryNotFoundError | errors.RevisionNotFoundError):
            return False
        return isinstance(error, errors.HfHubHTTPError) or _is_connection(error)

    def _bring_blob(self, about: Any, url: str, progress: Progress) -> None:
        from neuroscope.weights.transfer import Source, fetch, is_same_host
        from neuroscope.weights.unfinished import finish, unfinished

        headers = dict(self._hub.utils.build_hf_headers())
        location = urljoin(url, about.location)
        if not is_same_host(location, url):
            headers.pop("authorization", None)
        source = Source(location, self._what, headers, about.size)
        place = self._folder / "blobs" / about.etag
        with unfinished(place, self._what, progress) as stream:
            if not place.exists():  # another process may have brought it meanwhile
                fetch(source, stream, progress)
                finish(stream, place, self._what, about.etag if _DIGEST.fullmatch(about.etag) else None)

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Keep the library's own bars away from ours."""
        utils = self._hub.utils
        were_off = utils.are_progress_bars_disabled()
        utils.disable_progress_bars()
        try:
            yield
        finally:
            if not were_off:
                utils.enable_progress_bars()

    def check(self, path: Path) -> None:
        """Check the bytes against the digest by which the hub's cache names them, once."""
        named = path.resolve().name
        if _DIGEST.fullmatch(named) and (found := digest_like(path.resolve(), named)) != named:
            advice = f"Remove {path.resolve()} to download it again."
            raise failed(self._what, f"it has the digest {found} in the hub's cache, and {named} is wanted", advice)

    @contextmanager
    def errors_told(self) -> Iterator[None]:
        """Make one line of whatever the library raises."""
        errors = self._hub.errors
        try:
            yield
        except MissingData:
            raise
        except errors.HFValidationError as error:
            raise BadOption(one_line(f"{self._repo!a} is no name of a repository: {error}")) from None
        except errors.HfHubHTTPError as error:
            raise failed(self._what, *self._told(error)) from None
        except Exception as error:
            raise self._other(error) from None

    def _told(self, error: Any) -> tuple[str, str]:
        errors, code = self._hub.errors, error.response.status_code
        if isinstance(error, errors.RevisionNotFoundError):
            return f"the repository has no revision {self._revision}", "Look at its branches and tags."
        if isinstance(error, errors.EntryNotFoundError):
            return "the repository has no such file", "Look at its files."
        if isinstance(error, errors.GatedRepoError) or code == 403:
            return f"the hub denies it ({code})", "Ask for access on the repository's page, and set HF_TOKEN."
        if isinstance(error, errors.RepositoryNotFoundError) or code in {401, 404}:
            advice = "Look at the name; for a private one set HF_TOKEN, or run `hf auth login`."
            return f"the hub has no such repository, or you may not see it ({code})", advice
        return f"the hub answers {code}", "Try again later."

    def _other(self, error: Exception) -> Exception:
        if _is_connection(error):
            url = self._hub.constants.ENDPOINT
            problem = f"{url} cannot be reached ({type(error).__name__})"
            return failed(self._what, problem, f"Look at the connection, or set {OFFLINE}=1 to use what is here.")
        if isinstance(error, OSError):
            return unwritable(self._what, self._cache, error)
        return error
