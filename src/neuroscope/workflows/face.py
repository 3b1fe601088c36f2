"""The calls of the commands ``probe``, ``neurons``, ``extract`` and ``describe``, for notebooks and scripts.

Their keywords have the names and defaults of the options on the command line, and so do their errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from neuroscope import workflows
from neuroscope.defaults import CONTROLS, DTYPE, MAX_DURATION, MAX_ERRORS, RUNS
from neuroscope.plugin.values import texts_of
from neuroscope.workflows.arguments import command_of, data_of, extraction_of, one_of, place_of, progress_of, study_of

if TYPE_CHECKING:
    from neuroscope.contracts.progress import Progress
    from neuroscope.data.places import Data
    from neuroscope.defaults import PresetName
    from neuroscope.description.result import Description
    from neuroscope.study.result import ExtractionResult, NeuronsResult, ProbeResult
    from neuroscope.workflows.arguments import AnyPath, Texts


def probe(
    backbones: Texts,
    tasks: Texts,
    data: Data | AnyPath | None = None,
    *,
    dataset: str = "",
    roots: Texts = (),
    where: Texts = (),
    backbone_options: Texts = (),
    split: str = "",
    layers: Texts = (),
    pooling: str = "",
    probe: str = "",
    preset: PresetName | Literal[""] = "",
    runs: int = RUNS,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 0,
    dtype: Literal["float32", "float16"] = DTYPE,
    rehash: bool = False,
    on_error: Literal["skip", "fail"] = "skip",
    max_errors: float = MAX_ERRORS,
    segment: float | None = None,
    max_duration: float = MAX_DURATION,
    cache: AnyPath | None = None,
    out: AnyPath | None = None,
    progress: bool | Progress | None = True,
) -> ProbeResult:
    """Which layers of which backbones know what the tasks ask? Every backbone with every task.

    ``neuroscope.probe("ge2e", "gc", "corpus/manifest.csv")`` is a whole call.

    Args:
        backbones: one or several, each as ``NAME,key=value,...``.
        tasks: one or several, each as ``NAME,key=value,...``.
        data: a manifest (.csv, .tsv, .jsonl), a folder of audio, or a ``Data``.
        dataset: as ``NAME,key=value,...``; empty = told by ``data``, or by the task.
        roots: ``DATASET=PATH`` for several datasets that are joined.
        where: ``COLUMN=VALUE[,VALUE]``; only such utterances; of several all hold.
        backbone_options: ``KEY=VALUE`` of the one backbone.
        split: ``speaker``, ``utterance``, ``group:COLUMN``, ``column:COLUMN``; empty = the task's own, else a split
            column, else unseen speakers.
        layers: names; empty = all. One text may hold several, with commas between them.
        pooling: how frames become one vector; empty = each layer's own.
        probe: the classifier, as ``NAME,key=value,...``; empty = the preset's or the default.
        preset: settings of a publication.
        runs: repetitions.
        seed: of the first run; the others follow by one.
        device: ``cpu``, ``cuda:0``, ...
        threads: of the processor; 0 = those that are granted to us, at most ``OMP_NUM_THREADS``. Numbers are the same.
        dtype: of the stored vectors.
        rehash: read every audio file again, also those that seem not to have changed.
        on_error: at an utterance that cannot be used.
        max_errors: largest share of such utterances, 0 to 1.
        segment: seconds; longer recordings become utterances of that length. None = as they are.
        max_duration: seconds; longer utterances cannot be used, unless the backbone streams.
        cache: folder of the store and the run folders; None = ``$NEUROSCOPE_CACHE`` or the user's cache folder.
        out: the run folder; None = one in the cache folder.
        progress: True = a bar where stderr is a terminal; False or None = nothing; or a callable that is told.

    Returns:
        What was found: ``table()``, ``best``, ``chart()``, ``folder``; cells that failed are in ``failed``.

    Raises:
        NeuroscopeError: whatever the user can mend, as on the command line, where no cell has a result.
    """
    given = dict(locals())
    return workflows.probe(
        texts_of("backbones", backbones),
        texts_of("tasks", tasks),
        data_of(given),
        study_of(given),
        backbone_options=texts_of("backbone_options", backbone_options),
        out=place_of("out", out),
        command=command_of(globals()["probe"], given),
        extraction=extraction_of(given),
        progress=progress_of(progress),
    )


def neurons(
    backbone: str,
    task: str,
    data: Data | AnyPath | None = None,
    *,
    dataset: str = "",
    roots: Texts = (),
    where: Texts = (),
    backbone_options: Texts = (),
    ranking: str = "",
    controls: Texts = CONTROLS,
    split: str = "",
    layers: Texts = (),
    pooling: str = "",
    probe: str = "",
    preset: PresetName | Literal[""] = "",
    runs: int = RUNS,
    seed: int = 0,
    device: str = "cpu",
    threads: int = 0,
    dtype: Literal["float32", "float16"] = DTYPE,
    rehash: bool = False,
    on_error: Literal["skip", "fail"] = "skip",
    max_errors: float = MAX_ERRORS,
    segment: float | None = None,
    max_duration: float = MAX_DURATION,
    cache: AnyPath | None = None,
    list_to: AnyPath | None = None,
    out: AnyPath | None = None,
    progress: bool | Progress | None = True,
) -> NeuronsResult:
    """Which neurons of a backbone know what a task asks, how few suffice, and is that a finding or a draw?

    Args:
        backbone: as ``NAME,key=value,...``.
        task: as ``NAME,key=value,...``.
        data: a manifest (.csv, .tsv, .jsonl), a folder of audio, or a ``Data``.
        dataset: as for ``probe``, and so is what is not named here.
        roots: ``DATASET=PATH`` for several datasets that are joined.
        where: ``COLUMN=VALUE[,VALUE]``; only such utterances; of several all hold.
        backbone_options: ``KEY=VALUE``.
        ranking: what orders the neurons, as ``NAME,key=value,...``; empty = the preset's or the default.
        controls: among ``random``, ``random,distribution=uniform``, ``random,distribution=matched``, ``permuted`` and
            ``untrained`` (which extracts an untrained twin for every run); empty = none.
        split: as for ``probe``.
        layers: names; empty = the neurons of all layers side by side.
        pooling: as for ``probe``.
        probe: the classifier of everything but the ranking's own fit.
        preset: settings of a publication; also masks with zeros, and chooses the minimal set as the paper did.
        runs: repetitions.
        seed: of the first run; the others follow by one.
        device: ``cpu``, ``cuda:0``, ...
        threads: of the processor; 0 = those that are granted to us, at most ``OMP_NUM_THREADS``. Numbers are the same.
        dtype: of the stored vectors.
        rehash: as for ``probe``.
        on_error: at an utterance that cannot be used.
        max_errors: largest share of such utterances, 0 to 1.
        segment: seconds; longer recordings become utterances of that length. None = as they are.
        max_duration: seconds; longer utterances cannot be used, unless the backbone streams.
        cache: as for ``probe``.
        list_to: a CSV file for the neurons of the minimal sets.
        out: the run folder; None = one in the cache folder.
        progress: as for ``probe``.

    Returns:
        What was found: ``table()`` and its other tables, ``chart()``, ``folder``.

    Raises:
        NeuroscopeError: whatever the user can mend, as on the command line.
    """
    given = dict(locals())
    return workflows.neurons(
        one_of("backbone", backbone),
        one_of("task", task),
        data_of(given),
        study_of(given),
        backbone_options=texts_of("backbone_options", backbone_options),
        ranking=one_of("ranking", ranking),
        controls=texts_of("controls", controls),
        list_to=place_of("list_to", list_to),
        out=place_of("out", out),
        command=command_of(globals()["neurons"], given),
        extraction=extraction_of(given),
        progress=progress_of(progress),
    )


def extract(
    backbone: str,
    data: Data | AnyPath | None = None,
    *,
    dataset: str = "",
    roots: Texts = (),
    where: Texts = (),
    backbone_options: Texts = (),
    pooling: str = "",
    device: str = "cpu",
    threads: int = 0,
    dtype: Literal["float32", "float16"] = DTYPE,
    rehash: bool = False,
    on_error: Literal["skip", "fail"] = "skip",
    max_errors: float = MAX_ERRORS,
    segment: float | None = None,
    max_duration: float = MAX_DURATION,
    cache: AnyPath | None = None,
    progress: bool | Progress | None = True,
) -> ExtractionResult:
    """Run every utterance through a backbone and store the pooled vectors of every layer; what is stored is not redone.

    Args:
        backbone: as ``NAME,key=value,...``.
        data: a manifest (.csv, .tsv, .jsonl), a folder of audio, or a ``Data``.
        dataset: as for ``probe``, and so is what is not named here.
        roots: ``DATASET=PATH`` for several datasets that are joined.
        where: ``COLUMN=VALUE[,VALUE]``; only such utterances; of several all hold.
        backbone_options: ``KEY=VALUE``.
        pooling: how frames become one vector; empty = each layer's own.
        device: ``cpu``, ``cuda:0``, ...
        threads: of the processor; 0 = those that are granted to us, at most ``OMP_NUM_THREADS``. Numbers are the same.
        dtype: of the stored vectors.
        rehash: as for ``probe``.
        on_error: at an utterance that cannot be used.
        max_errors: largest share of such utterances, 0 to 1.
        segment: seconds; longer recordings become utterances of that length. None = as they are.
        max_duration: seconds; longer utterances cannot be used, unless the backbone streams.
        cache: as for ``probe``.
        progress: as for ``probe``.

    Returns:
        What was done: ``table()`` with the key in the store, ``table("skipped")``.

    Raises:
        NeuroscopeError: whatever the user can mend, as on the command line.
    """
    given = dict(locals())
    return workflows.extract(
        one_of("backbone", backbone),
        data_of(given),
        backbone_options=texts_of("backbone_options", backbone_options),
        pooling=one_of("pooling", pooling),
        command=command_of(globals()["extract"], given),
        extraction=extraction_of(given),
        progress=progress_of(progress),
    )


def describe(
    data: Data | AnyPath | None = None,
    tasks: Texts = (),
    *,
    dataset: str = "",
    roots: Texts = (),
    where: Texts = (),
    split: str = "",
    segment: float | None = None,
    rehash: bool = False,
    cache: AnyPath | None = None,
    save: AnyPath | None = None,
    progress: bool | Progress | None = True,
) -> Description:
    """What is in the data, and what do tasks ask of them? Audio files are looked at, and nothing is computed.

    Args:
        data: a manifest (.csv, .tsv, .jsonl), a folder of audio, or a ``Data``.
        tasks: one or several, each as ``NAME,key=value,...``; none = the data alone.
        dataset: as for ``probe``, and so is what is not named here.
        roots: ``DATASET=PATH`` for several datasets that are joined.
        where: ``COLUMN=VALUE[,VALUE]``; only such utterances; of several all hold.
        split: as for ``probe``, of the tasks.
        segment: seconds; longer recordings become utterances of that length. None = as they are.
        rehash: as for ``probe``.
        cache: as for ``probe``: what is known of audio files is kept there.
        save: a folder for what the tasks ask about, and drew: ``manifest.csv``, and their trials.
        progress: as for ``probe``.

    Returns:
        What was found: ``table()`` with a row a count, ``chart()``, ``data`` and ``tasks`` with the facts.

    Raises:
        NeuroscopeError: whatever the user can mend, as on the command line.
    """
    given = dict(locals())
    return workflows.describe(
        data_of(given),
        texts_of("tasks", tasks),
        split=one_of("split", split),
        save=place_of("save", save),
        extraction=extraction_of(given),
        progress=progress_of(progress),
    )
