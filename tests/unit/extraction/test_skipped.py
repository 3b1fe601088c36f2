"""What could not be used is counted with its reason, and too much of it stops the work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroscope.contracts.records import counts_of
from neuroscope.errors import BadAudio, BadOption, TooManyFailures
from neuroscope.extraction.skipped import SkippedUtterances


def failed(count, total, **options):
    skipped = SkippedUtterances(total, **options)
    for number in range(count):
        skipped.add(f"u{number}", BadAudio("too short", f"u{number}.wav"))
    return skipped


@given(st.integers(1, 2_000), st.data())
def test_exactly_the_allowed_share_may_fail(total, data):
    count = data.draw(st.integers(0, total))
    failed(count, total, max_errors=count / total).check()
    if count:
        with pytest.raises(TooManyFailures):
            failed(count, total, max_errors=(count - 1) / total).check()


@pytest.mark.parametrize(("count", "total", "share"), [(29, 100, 0.29), (57, 100, 0.57), (7, 100, 0.07), (3, 10, 0.3)])
def test_a_share_written_in_decimals_means_what_it_says(count, total, share):
    failed(count, total, max_errors=share).check()


def test_none_may_fail_at_zero_and_all_may_at_one():
    failed(0, 3, max_errors=0).check()
    failed(3, 3, max_errors=1).check()
    SkippedUtterances(0, max_errors=0).check()
    with pytest.raises(TooManyFailures):
        failed(1, 10_000, max_errors=0).check()


def test_the_message_has_every_reason_with_its_count_and_an_example():
    skipped = SkippedUtterances(10, max_errors=0.1)
    for reason, detail in [("too short", "a.wav"), ("missing file", "b.wav"), ("missing file", "c.wav")]:
        skipped.add(detail, BadAudio(reason, detail))
    with pytest.raises(TooManyFailures) as caught:
        skipped.check()
    lines = str(caught.value).splitlines()
    assert "3 of 10" in lines[0]
    assert "2 x missing file" in lines[1]
    assert "b.wav" in lines[1]
    assert "1 x too short" in lines[2]
    assert "a.wav" in lines[2]


def test_under_fail_the_first_is_told_and_kept():
    skipped = SkippedUtterances(10, on_error="fail", max_errors=1)
    with pytest.raises(TooManyFailures, match=r"u1.*missing file.*b\.wav"):
        skipped.add("u1", BadAudio("missing file", "b.wav"))
    assert [each.utterance for each in skipped.skipped] == ["u1"]


@pytest.mark.parametrize("on_error", ["ignore", "", "FAIL"])
def test_other_ways_to_go_on_are_refused(on_error):
    with pytest.raises(BadOption):
        SkippedUtterances(1, on_error=on_error)


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan"), float("inf")])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(BadOption):
        SkippedUtterances(1, max_errors=share)


def test_reasons_are_counted_most_frequent_first_and_equal_ones_by_name():
    skipped = SkippedUtterances(9)
    for reason in ["b", "c", "a", "c"]:
        skipped.add("u", BadAudio(reason, ""))
    assert list(counts_of(skipped.skipped).items()) == [("c", 2), ("a", 1), ("b", 1)]
    assert counts_of([]) == {}
