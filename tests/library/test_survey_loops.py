"""Results are the same with NumPy, with the loops as Python reads them, and compiled."""

from __future__ import annotations

import importlib.util
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from filelock import FileLock, Timeout
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alliage.survey import Design, MultiResponse, Table, Variable, banner, calibrate, loops, sample
from alliage.survey.data.coding import Coded, Ranks, UnseenLevelError, coded, smallest
from alliage.survey.errors import SurveyError, SurveyProblem
from alliage.survey.sampling.cells import gathered
from alliage.survey.tables.crossing import crossings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAYS = ["numpy", "plain", "compiled"]


@contextmanager
def by(way: str) -> Iterator[None]:
    """Compute in one way, however few rows there are."""
    if way == "compiled":
        pytest.importorskip("numba")
    with pytest.MonkeyPatch.context() as patch, np.errstate(over="ignore"):
        patch.setattr(loops, "MANY", math.inf if way == "numpy" else 0)
        if way == "plain":
            patch.setattr(loops, "_compiled", lambda loop: loop)
        yield


def respondents(*, equal: bool) -> pl.DataFrame:
    random, size = np.random.default_rng(5), 300
    frame = pl.DataFrame(
        {
            "stratum": random.integers(0, 3, size),
            "sex": random.choice(["a man, in the words of the file", "a woman"], size),
            "age": random.integers(1, 5, size),
            "size": random.integers(0, 3, size).astype(np.int8),
            "q0": random.integers(-2, 3, size),
            "q1": random.choice(["no", "perhaps, it depends on the day", "yes"], size),
            "q2": random.integers(0, 200, size),
            "q3": random.integers(195, 200, size).astype(np.uint8),
            "q4": random.integers(-100, 100, size).astype(np.int8),
            "q5": random.choice([-3, 1, 2], size).astype(np.int8),
            "c0": random.integers(0, 2, size),
            "c1": random.integers(0, 2, size),
            "weight": np.full(size, 12.0) if equal else random.lognormal(2, 0.4, size),
        }
    )
    absent = pl.Series(random.random(size) < 0.1)
    frame = frame.with_columns(
        pl.when(absent).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("q0", "q1", "size")
    )
    # In parts, as a file is read.
    return pl.concat([frame[:90], frame[90:]], rechunk=False)


def figures(frame: pl.DataFrame, *, strata: bool, over: dict[str, list[int]] | None) -> Any:
    table = Table(frame, sets={"c": MultiResponse(variables=("c0", "c1"), counted=1)})
    found = sample(table, Design(weights="weight", strata="stratum" if strata else None))
    total = float(found.weights.sum())
    margins = {
        "sex": dict(zip(found.levels("sex"), (0.45 * total, 0.55 * total), strict=True)),
        "age": dict.fromkeys(range(1, 5), total / 4),
    }
    fit = calibrate(found, margins)
    made = banner(
        fit, ["q0", "q1", "q2", "q3", "q4", "q5", "c"], ["sex", ("age", "size")], over=over
    )
    tests = [
        (test.statistic, *test.degrees) for block in made.blocks for test in block.tests.values()
    ]
    return made.frame(), tests, fit.report, fit.weights


@pytest.mark.parametrize("way", WAYS[1:])
@pytest.mark.parametrize(
    ("strata", "equal", "over"),
    [(False, False, None), (True, True, None), (True, False, {"age": [1, 3]})],
)
def test_a_table_is_the_same_in_every_way(
    way: str, strata: bool, equal: bool, over: dict[str, list[int]] | None
) -> None:
    frame = respondents(equal=equal)
    with by("numpy"):
        expected, tests, report, weights = figures(frame, strata=strata, over=over)
    with by(way):
        found = figures(frame, strata=strata, over=over)
    numbers = pl.selectors.float()
    assert found[0].select(~numbers).equals(expected.select(~numbers))
    one, other = (each.select(numbers).to_numpy() for each in (found[0], expected))
    np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(found[1], tests, rtol=1e-9)
    assert found[2].design_effect == pytest.approx(report.design_effect, rel=1e-13)
    assert found[2].largest_weight == report.largest_weight
    np.testing.assert_allclose(found[3], weights, rtol=1e-13)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40, deadline=None)
@given(
    widths=st.lists(st.integers(0, 9) | st.integers(0, 200), min_size=1, max_size=40),
    seed=st.integers(0, 2**32 - 1),
    equal=st.booleans(),
)
def test_answers_are_summed_by_cell(way: str, widths: list[int], seed: int, equal: bool) -> None:
    random, size = np.random.default_rng(seed), 80
    weights = np.full(size, 3.0) if equal else random.lognormal(2, 0.4, size)
    frame = pl.DataFrame({"group": random.integers(0, 4, size), "weight": weights})
    asked = [
        Coded.of(random.integers(-1, width, size).astype(smallest(width)), tuple(range(width)))
        for width in widths
    ]
    with by(way):
        found = sample(frame, Design(weights="weight"))
        made = crossings(found, [("group",)], [])
        assert made is not None
        (crossing,) = made
        answers = crossing.answers(asked)
    assert (answers.weights is None) == equal
    groups = crossing.layout.keys["group"]
    assert sorted(groups.tolist()) == sorted(set(found.codes("group").tolist()))
    for cell, group in enumerate(groups):
        own = found.codes("group") == group
        for question, each in enumerate(asked):
            codes = each.codes
            given_ = np.equal.outer(codes[own], np.arange(len(each.levels))).astype(float)
            columns = answers.of_question(question)
            assert answers.given[cell, columns].tolist() == given_.sum(axis=0).tolist()
            missing = answers.respondents[cell, answers.starts[-1] + question]
            assert missing == np.count_nonzero(codes[own] == -1)
            for power, sums in enumerate(answers.weights or (), start=1):
                expected = weights[own] ** power @ given_
                np.testing.assert_allclose(sums[cell, columns], expected, rtol=1e-13)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [1, 20, 64, 150])
def test_a_table_has_as_many_questions_as_are_asked(way: str, count: int) -> None:
    random, size = np.random.default_rng(3), 400
    answers = random.integers(1, 6, (count, size)).astype(np.int8)
    frame = pl.DataFrame(
        {f"q{place}": own for place, own in enumerate(answers)}
        | {"sex": random.choice(["m", "w"], size), "weight": random.lognormal(2, 0.4, size)}
    )
    names = [f"q{place}" for place in range(count)]
    with by(way):
        found = banner(sample(frame, Design(weights="weight")), names, ["sex"]).frame()
    weights = frame["weight"].to_numpy()
    told = found.filter(breakdown="").select("question", "level", "value", "respondents")
    for question, level, value, respondents in told.iter_rows():
        gave = frame[question].to_numpy() == int(level)
        assert value == pytest.approx(weights[gave].sum() / weights.sum(), rel=1e-12)
        assert respondents == size
    assert told.height == 5 * count


@pytest.mark.parametrize("way", WAYS[1:])
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([np.int8, np.uint8, np.int16, np.uint16, np.int64, np.uint64]),
    width=st.integers(1, 100),
    seed=st.integers(0, 2**32 - 1),
    beyond=st.none() | st.sampled_from([-1, 1, -100, 100]),
)
def test_levels_that_were_supposed_are_all_there_are(
    way: str, kind: type[np.integer[Any]], width: int, seed: int, beyond: int | None
) -> None:
    random, size = np.random.default_rng(seed), 80
    limits = np.iinfo(kind)
    low = int(random.integers(limits.min, limits.max - width, endpoint=True, dtype=kind))
    values = low + random.integers(0, width, size).astype(kind)
    stranger = 0 if beyond is None else (low if beyond < 0 else low + width - 1) + beyond
    if beyond is not None:
        assume(limits.min <= stranger <= limits.max)
        values[random.integers(0, size)] = stranger
    levels = tuple(range(low, low + width))
    ranks = Ranks(levels, (values[:30], values[30:]), low)
    codes = (values - kind(low)).astype(np.int64).astype(smallest(width))
    frame = pl.DataFrame({"group": random.integers(0, 4, size), "weight": np.ones(size)})
    other = Ranks(levels, ranks.parts[::-1], low)
    with by(way):
        made = crossings(sample(frame, Design(weights="weight")), [("group",)], [])
        assert made is not None
        if beyond is not None:
            with pytest.raises(UnseenLevelError):
                made[0].answers([other, ranks])
            return
        found = made[0].answers([ranks, other])
        expected = made[0].answers(
            [Coded.of(each, levels) for each in (codes, np.concatenate([codes[30:], codes[:30]]))]
        )
    assert np.array_equal(found.respondents, expected.respondents)


@pytest.mark.parametrize("way", WAYS[1:])
@settings(max_examples=40, deadline=None)
@given(
    kinds=st.lists(st.sampled_from([pl.Int8, pl.UInt8, pl.Int64, pl.Float64, pl.String]),
                   min_size=1, max_size=4),
    widths=st.lists(st.integers(1, 6) | st.just(60), min_size=4, max_size=4),
    late=st.none() | st.integers(0, 80),
    described=st.booleans(),
    by_weight=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_patterns_are_the_same_in_every_way(
    way: str, kinds: list[Any], widths: list[int], late: int | None, *, described: bool,
    by_weight: bool, seed: int,
) -> None:  # fmt: skip
    random, size = np.random.default_rng(seed), 9_000
    answers = [random.integers(0, width, size) for width in widths]
    if late is not None:
        # After the rows that are looked at first.
        answers[0][-1] = late
    names = [f"m{place}" for place in range(len(kinds))]
    frame = pl.DataFrame(
        {
            name: pl.Series(own).cast(kind)
            for name, own, kind in zip(names, answers, kinds, strict=False)
        }
        | {"weight": random.choice([1.0, 2.5], size)}
    )
    # In parts, as a file is read.
    table = Table.of(pl.concat([frame[:4_000], frame[4_000:]], rechunk=False))
    if described:
        levels = [sorted({*table.levels(name)}) for name in names]
        table = table.describe({
            name: Variable(labels={level: str(level) for level in own})
            for name, own in zip(names, levels, strict=True)
        })  # fmt: skip
    with by("numpy"):
        expected = sample(table, Design(weights="weight")).patterns(names, [], by_weight=by_weight)
    with by(way):
        found = sample(table, Design(weights="weight")).patterns(names, [], by_weight=by_weight)
    assert np.array_equal(found.of_rows, expected.of_rows)
    assert found.levels == expected.levels
    for name in names:
        assert np.array_equal(found.keys[name], expected.keys[name])
    np.testing.assert_allclose(found.weight, expected.weight, rtol=1e-12)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("missing", [0, 8_999])
def test_a_margin_that_somebody_did_not_answer_is_refused(way: str, missing: int) -> None:
    answers = [1, 2, 3] * 3_000
    frame = pl.DataFrame(
        {"m": [None if row == missing else answer for row, answer in enumerate(answers)]}
    )
    with by(way), pytest.raises(SurveyError, match=f"row {missing + 1}\\b") as refused:
        calibrate(sample(frame, Design()), {"m": {1: 3_000, 2: 3_000, 3: 3_000}})
    assert refused.value.problem is SurveyProblem.MARGIN_MISSING


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [pl.Int8, pl.UInt8, pl.Int16, pl.Int64, pl.UInt64, pl.String])
@pytest.mark.parametrize("last", [1, 4, 99])
def test_answers_that_come_late_are_in_the_table(way: str, kind: Any, last: int) -> None:
    frame = pl.DataFrame(
        {
            "q": pl.Series([1, 2, 3] * 6_000 + [last]).cast(kind),
            "other": pl.Series([1, 2] * 9_000 + [1]).cast(kind),
            "sex": ["m", "w"] * 9_000 + ["w"],
        }
    )
    with by(way):
        people = sample(frame, Design())
        for _ in range(2):
            found = banner(people, ["q", "other"], ["sex"]).frame()
            told = found.filter(question="q", breakdown="")
            counts = dict(frame["q"].value_counts().sort("q").iter_rows())
            assert told["level"].to_list() == [str(level) for level in counts]
            shares = [count / len(frame) for count in counts.values()]
            assert told["value"].to_list() == pytest.approx(shares, rel=1e-12)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("rare", ["", "a sentence that one person in a thousand said"])
def test_sentences_of_a_file_are_in_the_table(
    way: str, parts: int, rare: str, tmp_path: Path
) -> None:
    random, size = np.random.default_rng(11), 6_000
    words = ["", "no", "a dozen chars", "twelve chars", "a sentence that is long enough"]
    answers = {f"q{place}": random.choice(words, size).tolist() for place in range(4)}
    if rare:
        answers["q3"][-1] = rare
    frame = pl.DataFrame(
        answers | {"sex": random.choice(["a man", "a woman, as the file says"], size),
                   "weight": random.lognormal(2, 0.4, size)}
    )  # fmt: skip
    file = tmp_path / "answers.parquet"
    frame.write_parquet(file, row_group_size=size // parts)
    with by(way):
        people = sample(pl.read_parquet(file), Design(weights="weight"))
        women = 0.6 * float(frame["weight"].sum())
        margins = {"sex": {"a man": women / 1.5, "a woman, as the file says": women}}
        found = banner(calibrate(people, margins), sorted(answers), ["sex"]).frame()
    numbers = frame.with_columns(pl.col(name).cast(pl.Categorical) for name in (*answers, "sex"))
    expected = banner(
        calibrate(sample(numbers, Design(weights="weight")), margins), sorted(answers), ["sex"]
    ).frame()
    figures = pl.selectors.float()
    assert found.select(~figures).equals(expected.select(~figures))
    one, other = (each.select(figures).to_numpy() for each in (found, expected))
    np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [pl.Int8, pl.Int64, pl.String])
def test_a_late_answer_that_is_no_level_is_refused(way: str, kind: Any) -> None:
    frame = pl.DataFrame({"q": pl.Series([1, 2] * 9_000 + [3]).cast(kind)})
    table = Table(frame, {"q": Variable(labels={1: "yes", 2: "no"})})
    with by(way), pytest.raises(SurveyError, match="row 18001 holds « 3 »") as refused:
        banner(sample(table, Design()), ["q"])
    assert refused.value.problem is SurveyProblem.LEVEL


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([np.int8, np.uint8]),
    data=st.data(),
    described=st.sampled_from(["not", "as found", "more", "apart"]),
    missing=st.booleans(),
)
def test_bytes_are_ranked_as_other_numbers(
    way: str, kind: type[np.integer[Any]], data: st.DataObject, described: str, *, missing: bool
) -> None:
    least, most = int(np.iinfo(kind).min), int(np.iinfo(kind).max)
    low = data.draw(st.integers(least, most))
    high = min(most, low + data.draw(st.integers(0, 20) | st.integers(100, 255)))
    values = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=30))
    cut = data.draw(st.integers(0, len(values)))
    parts = [pl.Series("q", part, dtype=pl.Series(np.zeros(0, kind)).dtype)
             for part in (values[:cut], values[cut:])]  # fmt: skip
    column = parts[0].append(parts[1])
    levels = {
        "not": [], "as found": sorted(set(values)), "more": list(range(low, high + 3)),
        "apart": [*sorted(set(values)), 300],
    }[described]  # fmt: skip
    declared = (values[0],) if missing and len(set(values)) > 1 else ()
    variable = Variable(labels={level: f"level {level}" for level in levels}, missing=declared)
    with by(way):
        found, wide = (
            Table(pl.DataFrame({"q": each}), {"q": variable}).coded_together(["q"])["q"]
            for each in (column, column.cast(pl.Int64))
        )
    assert found.levels == wide.levels
    assert found.codes.tolist() == wide.codes.tolist()
    assert column.to_list() == values


@pytest.mark.parametrize("way", WAYS)
def test_a_question_that_nobody_answered_is_refused(way: str) -> None:
    frame = respondents(equal=False).with_columns(q0=pl.lit(None, dtype=pl.Int64))
    with by(way), pytest.raises(SurveyError) as refused:
        banner(sample(frame, Design(weights="weight")), ["q0"], ["sex"])
    assert refused.value.problem is SurveyProblem.EMPTY_DOMAIN


KINDS = [pl.Int8, pl.Int16, pl.Int64, pl.UInt8, pl.UInt64, pl.Float64]


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), kind=st.sampled_from(KINDS), parts=st.integers(1, 3))
def test_whole_numbers_are_ranked(way: str, data: st.DataObject, kind: Any, parts: int) -> None:
    lowest = 0 if kind in {pl.UInt8, pl.UInt64} else -128
    numbers = st.one_of(st.none(), st.integers(lowest, 127), st.integers(1, 5))
    given_ = [data.draw(st.lists(numbers, min_size=1, max_size=20)) for _ in range(parts)]
    series = pl.concat([pl.Series("q", part, dtype=kind) for part in given_], rechunk=False)
    values = [value for part in given_ for value in part]
    levels = sorted({value for value in values if value is not None})
    with by(way):
        found = coded("q", series, None)
    assert list(found.levels) == levels
    assert found.codes.tolist() == [-1 if each is None else levels.index(each) for each in values]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("last", [-3, 9, 300, -(2**40), 2**40])
def test_extremes_that_come_late_are_seen(way: str, last: int) -> None:
    kind = pl.Int8 if -128 <= last < 128 else pl.Int64
    series = pl.Series("q", [1, 2] * 10_000 + [last], dtype=kind)
    with by(way):
        found = coded("q", series, None)
    assert found.levels == tuple(sorted([1, 2, last]))
    assert found.levels[found.codes[-1]] == last
    assert [found.levels[code] for code in found.codes[:2]] == [1, 2]


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(
        st.lists(st.sampled_from([None, "", "yes", "no", "x" * 12, "x" * 13, "x" * 40, "é" * 9]),
                 min_size=1, max_size=20), min_size=1, max_size=3,
    ),
    start=st.integers(0, 3),
)  # fmt: skip
def test_texts_are_ranked(way: str, parts: list[list[str | None]], start: int) -> None:
    series = pl.concat([pl.Series("q", part, dtype=pl.String) for part in parts], rechunk=False)
    series = series.slice(start)
    values = [text for part in parts for text in part][start:]
    levels = sorted({text for text in values if text is not None})
    with by(way):
        found = coded("q", series, None)
    assert list(found.levels) == levels
    assert found.codes.tolist() == [-1 if each is None else levels.index(each) for each in values]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("last", ["", "maybe", "a sentence that is kept elsewhere", None])
@pytest.mark.parametrize("first", [["no", "yes"], ["another sentence, kept elsewhere"], [None]])
def test_texts_that_come_late_are_ranked(
    way: str, first: list[str | None], last: str | None
) -> None:
    texts = [*first * 9_000, last]
    levels = sorted({text for text in texts if text is not None})
    with by(way):
        found = coded("q", pl.Series("q", texts, dtype=pl.String), None)
    assert list(found.levels) == levels
    assert found.codes.tolist() == [-1 if each is None else levels.index(each) for each in texts]


@pytest.mark.parametrize("way", WAYS)
def test_texts_that_are_many_are_ranked(way: str) -> None:
    texts = [f"a place whose name is {number:04}" for number in range(1_000)]
    with by(way):
        found = coded("q", pl.Series("q", texts), None)
    assert list(found.levels) == texts
    assert found.codes.tolist() == list(range(1_000))


@pytest.mark.parametrize("way", WAYS)
def test_texts_of_a_file_that_are_no_level_are_refused(way: str, tmp_path: Any) -> None:
    file = tmp_path / "answers.parquet"
    texts = ["a sentence that is long enough", "another sentence that is long", None] * 50
    pl.DataFrame({"q": texts}).write_parquet(file)
    series = pl.read_parquet(file)["q"]
    with by(way):
        known = coded("q", series, ("another sentence that is long", texts[0] or ""))
        assert known.codes[:3].tolist() == [1, 0, -1]
        with pytest.raises(SurveyError, match="another sentence") as refused:
            coded("q", series, (texts[0] or "",))
    assert refused.value.problem is SurveyProblem.LEVEL
    assert refused.value.values["row"] == "2"


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(0.01, 100)), min_size=1, max_size=50)
)  # fmt: skip
def test_weights_are_gathered_by_code(way: str, rows: list[tuple[int, float]]) -> None:
    present = sorted({code for code, _ in rows})
    codes = np.array([present.index(code) for code, _ in rows], dtype=np.int8)
    weights = np.array([weight for _, weight in rows])
    with by(way):
        found = gathered(codes, weights)
    for code in range(len(present)):
        own = weights[codes == code]
        assert codes[found.first[code]] == code
        assert found.respondents[code] == len(own)
        assert found.weight[code] == pytest.approx(math.fsum(own), rel=1e-13)
        assert found.squares[code] == pytest.approx(math.fsum(own**2), rel=1e-13)
        assert (found.smallest[code], found.largest[code]) == (own.min(), own.max())


def test_nothing_is_compiled_for_few_rows_or_without_a_compiler(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert loops.compiled(loops.sort, loops.MANY - 1) is None
    loops._compiled.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert loops.compiled(loops.sort, loops.MANY) is None
    loops._compiled.cache_clear()


def test_the_compiler_may_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    numba = pytest.importorskip("numba")
    loops._compiled.cache_clear()
    monkeypatch.setattr(numba.config, "DISABLE_JIT", True)
    assert loops.compiled(loops.sort, loops.MANY) is None
    loops._compiled.cache_clear()


def test_one_process_at_a_time_keeps_machine_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    caching = pytest.importorskip("numba.core.caching")
    monkeypatch.setattr(caching.config, "CACHE_DIR", str(tmp_path))
    save, kept = caching.IndexDataCacheFile.save, []

    def saved(file: Any, key: Any, data: Any) -> None:
        lock = FileLock(next(tmp_path.rglob("*.lock")), thread_local=False)
        with ThreadPoolExecutor() as threads, pytest.raises(Timeout):
            threads.submit(lock.acquire, timeout=0).result()
        kept.append(key)
        save(file, key, data)

    monkeypatch.setattr(caching.IndexDataCacheFile, "save", saved)
    loops._compiled.cache_clear()
    look_up = loops.compiled(loops.look_up, loops.MANY)
    assert look_up is not None
    found = np.zeros(3, dtype=np.int8)
    look_up(np.array([5, 6], dtype=np.int8), np.array([1, 0, 1], dtype=np.uint8), found)
    loops._compiled.cache_clear()
    assert found.tolist() == [6, 5, 6]
    assert len(kept) == 1


def test_a_design_without_strata_is_that_of_one_stratum() -> None:
    frame = respondents(equal=False).with_columns(all=pl.lit("all"))
    one, other = (
        banner(sample(frame, Design(weights="weight", strata=strata)), ["q0"], ["sex"]).frame()
        for strata in (None, "all")
    )
    assert one.equals(other)
