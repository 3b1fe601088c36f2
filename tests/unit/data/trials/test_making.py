"""Trials that are drawn: balanced, alike in gender and language, the same each time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope import BadManifest, BadOption, Manifest, Utterance
from neuroscope.trials import make_trials, some_hours


def corpus(sizes, **tags):
    """Speakers with so many utterances each; a tag is the same for all, or made of the speaker's number."""
    rows = []
    for speaker, size in enumerate(sizes):
        own = {name: value(speaker) if callable(value) else value for name, value in tags.items()}
        own = {name: value for name, value in own.items() if value is not None}
        rows += [Utterance(id=f"s{speaker}u{n}", path=None, speaker=f"s{speaker}", tags=own) for n in range(size)]
    return Manifest(tuple(rows), "corpus")


def speakers(trials):
    return [(each.enrolment.split("u")[0], each.test.split("u")[0]) for each in trials]


@given(st.lists(st.integers(1, 7), min_size=2, max_size=12), st.integers(1, 60), st.integers(0, 5))
def test_trials_are_balanced_different_and_true(sizes, each, seed):
    data = corpus(sizes)
    if max(sizes) < 2:
        with pytest.raises(BadManifest, match="no trials can be made"):
            make_trials(data, each=each, seed=seed)
        return
    trials = make_trials(data, each=each, seed=seed)
    targets = sum(trial.target for trial in trials)
    possible = sum(n * (n - 1) // 2 for n in sizes), (sum(sizes) ** 2 - sum(n * n for n in sizes)) // 2
    assert targets == len(trials) - targets
    assert targets <= min(each, *possible)
    assert targets == min(each, *possible) or len(sizes) * (len(sizes) - 1) // 2 > each
    assert len({frozenset((trial.enrolment, trial.test)) for trial in trials}) == len(trials)
    assert [one == other for one, other in speakers(trials)] == [trial.target for trial in trials]
    assert trials == make_trials(data, each=each, seed=seed)


def test_both_sides_agree_in_gender_and_language_and_each_set_is_balanced():
    data = corpus([4] * 12, gender=lambda n: "mf"[n % 2], language=lambda n: ("ru", "zh-CN")[n % 3 == 0])
    trials = make_trials(data, each=40)
    tags = {each.id: (each.tags["gender"], each.tags["language"]) for each in data}
    assert all(tags[each.enrolment] == tags[each.test] for each in trials)
    counts = Counter((tags[each.enrolment], each.target) for each in trials)
    assert {key: counts[key, True] for key, _ in counts} == {key: counts[key, False] for key, _ in counts}
    assert len({key for key, _ in counts}) == 4


def test_utterances_without_a_gender_are_in_no_trial_where_others_have_one():
    data = corpus([3] * 6, gender=lambda n: None if n in {0, 3} else "f")
    assert {name for pair in speakers(make_trials(data, each=50)) for name in pair} == {"s1", "s2", "s4", "s5"}
    assert len({name for pair in speakers(make_trials(corpus([3] * 6), each=50)) for name in pair}) == 6


def test_a_speaker_with_many_utterances_has_no_more_trials_than_others():
    trials = make_trials(corpus([100, 4, 4, 4]), each=24)
    assert Counter(one for one, other in speakers(trials) if one == other) == dict.fromkeys(("s0", "s1", "s2", "s3"), 6)
    between = Counter(pair for pair in speakers(trials) if pair[0] != pair[1])
    assert set(between.values()) == {4}
    assert len(between) == 6


def test_another_seed_draws_others():
    data = corpus([5] * 10)
    assert make_trials(data, each=20) != make_trials(data, each=20, seed=1)


def test_a_corpus_of_many_speakers_takes_no_list_of_all_their_pairs():
    trials = make_trials(corpus([2] * 20_000), each=500)
    assert Counter(each.target for each in trials) == {True: 500, False: 500}


@pytest.mark.parametrize("data", [corpus([5]), corpus([1, 1, 1]), corpus([3, 3], gender=lambda n: "mf"[n])])
def test_data_that_no_trial_can_be_made_of_are_told(data):
    with pytest.raises(BadManifest, match="two speakers who agree in gender and language"):
        make_trials(data, each=5)


def test_less_than_one_trial_cannot_be_asked():
    with pytest.raises(BadOption, match="0 trials"):
        make_trials(corpus([2, 2]), each=0)


def test_some_hours_are_of_speakers_who_come_twice():
    data = corpus([1, 30, 4, 4, 4, 4] * 4, seconds="60")
    drawn = some_hours(data, 0.2)
    assert 12 <= len(drawn) <= 21
    assert set(Counter(each.speaker for each in drawn).values()) <= {4, 10}
    assert [each.id for each in drawn] == [each.id for each in data if each.id in {u.id for u in drawn}]
    several = {name for name, count in Counter(each.speaker for each in data).items() if count > 1}
    assert some_hours(data, 1e3, most=100).utterances == tuple(each for each in data if each.speaker in several)


def test_the_draw_does_not_depend_on_the_order():
    data = corpus([4] * 40)
    shuffled = Manifest(tuple(reversed(data.utterances)))
    assert {u.id for u in some_hours(data, 0.05)} == {u.id for u in some_hours(shuffled, 0.05)}


def test_one_speaker_more_moves_one_of_the_drawn_at_most():
    few, more = ({u.speaker for u in some_hours(corpus([4] * size), 0.05)} for size in (40, 41))
    assert len(few) == len(more) == 9
    assert len(few - more) <= 1


def test_what_a_set_has_no_pairs_for_goes_to_the_others():
    data = corpus([900, *[10] * 10], gender=lambda n: "f" if n == 0 else "m")
    assert Counter(each.target for each in make_trials(data, each=100)) == {True: 100, False: 100}


def test_utterances_of_unknown_length_count_five_seconds():
    assert len(some_hours(corpus([4] * 400), 0.1)) == 72
