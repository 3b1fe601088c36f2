"""What of a manifest can be used, which of its rows are missing, and in which batches they are computed."""

from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.audio.files import AudioFile
from neuroscope.audio.spans import AudioFiles, locate
from neuroscope.contracts.audio import Manifest, Utterance
from neuroscope.contracts.backbone import BackboneSpec, Origin
from neuroscope.errors import BadAudio
from neuroscope.extraction import batching
from neuroscope.extraction.skipped import SkippedUtterances
from neuroscope.extraction.usable import UsableUtterances, usable

FILES = {
    Path(f"{name}.wav"): AudioFile(name * 32, 16_000 * seconds, 16_000, 1) for seconds, name in enumerate("abc", 1)
}
UTTERANCES = (
    Utterance(id="one", path=Path("a.wav")),
    Utterance(id="two", path=Path("b.wav"), start=0.5, duration=1.0),
    Utterance(id="three", path=Path("c.wav")),
)


def spec(**fields):
    return BackboneSpec(
        sample_rate=16_000, layers=(), origin=Origin(source="", licence="", digest=""), load=None, **fields
    )


def used(utterances, files):
    skipped = SkippedUtterances(len(utterances), max_errors=1.0)
    return usable(Manifest(tuple(utterances)), AudioFiles.of(files), spec(), skipped, 1800.0), skipped


@pytest.mark.parametrize("names", ["abc", "cab", "bbb", "abca", "c"])
def test_rows_are_those_of_each_utterance_alone_whatever_the_order_of_the_files(names):
    chosen = [UTTERANCES["abc".index(name)] for name in names]
    corpus, _ = used(chosen, FILES)
    assert list(corpus.rows) == [locate(each, FILES[each.path]).key for each in chosen]
    assert [corpus[place].utterance for place in range(len(corpus))] == chosen
    stored = [corpus.rows[0], "another"]
    assert corpus.missing(stored).tolist() == [name != names[0] for name in names]


def test_what_cannot_be_used_is_left_out_in_the_manifests_order():
    utterances = [Utterance(id="none", path=None), *UTTERANCES, Utterance(id="bad", path=Path("bad.wav"))]
    corpus, skipped = used(utterances, {Path("bad.wav"): BadAudio("damaged", "x"), **FILES})
    assert [(each.utterance, each.reason) for each in skipped.skipped] == [("none", "no path"), ("bad", "damaged")]
    assert corpus.ids == ["one", "two", "three"]
    assert list(corpus.rows) == [locate(each, FILES[each.path]).key for each in UTTERANCES]
    assert corpus.missing([]).tolist() == [True] * 3


def test_nothing_is_missing_of_nothing():
    corpus, _ = used([], {})
    assert corpus.missing(["a"]).tolist() == corpus.missing([]).tolist() == []


@given(
    st.lists(st.tuples(st.integers(1, 3_000_000) | st.just(40_000), st.booleans()), max_size=80),
    st.sampled_from(["padded", "equal lengths", "alone"]),
    st.floats(0.1, 300),
    st.sampled_from([1, 4_000_000, 2_000_000_000]),
)
def test_a_batch_takes_what_fits_and_a_shard_whole_batches_whatever_is_wanted(drawn, allowed, seconds, width):
    lengths = sorted((length for length, _ in drawn), reverse=True)
    rows = polars.Series([f"{number:03d}" for number in range(len(drawn))], dtype=polars.String)
    corpus = UsableUtterances((), None, np.arange(len(drawn)), np.array(lengths, dtype=np.int64), rows)
    model = spec(batch_seconds=seconds)
    most = 1 if allowed == "alone" else batching.BATCH_MOST

    def fits(batch):
        equal = allowed != "equal lengths" or lengths[batch[0]] == lengths[batch[-1]]
        return equal and len(batch) <= most and len(batch) * lengths[batch[0]] <= seconds * 16_000

    def shards(wanted):
        found = batching.wanted_shards(corpus, model, "cpu", width, np.array(wanted, dtype=bool), allowed)
        return [[batch.tolist() for batch in shard] for shard in found]

    whole = shards([True] * len(drawn))
    batches = list(chain.from_iterable(whole))
    assert list(chain.from_iterable(batches)) == list(range(len(drawn)))
    assert all(len(batch) == 1 or fits(batch) for batch in batches)
    assert not any(fits([*batch, following[0]]) for batch, following in pairwise(batches))
    room = min(batching.SHARD_ROWS, batching.SHARD_BYTES // (4 * width))
    assert all(len(shard) == 1 or sum(map(len, shard)) <= room for shard in whole)
    assert all(sum(map(len, [*shard, following[0]])) > room for shard, following in pairwise(whole))
    wanted = [each for _, each in drawn]
    kept = [[[place for place in batch if wanted[place]] for batch in shard] for shard in whole]
    kept = [[batch for batch in shard if batch] for shard in kept]
    assert shards(wanted) == [shard for shard in kept if shard]
