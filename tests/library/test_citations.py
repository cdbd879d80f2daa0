from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alliage.values.citations import Citation, parse_citations, write_lines

codes = st.sampled_from(["sheet_pemb", "sheet_mureaux", "proceedings_2022", "X01", "X18"])
ranges = st.tuples(st.integers(1, 4000), st.integers(0, 90)).map(lambda p: (p[0], p[0] + p[1]))


@given(st.lists(st.builds(Citation, codes, st.lists(ranges, max_size=4).map(tuple)), max_size=4))
def test_what_is_written_is_read_back(citations: list[Citation]) -> None:
    text = " ; ".join(f"{one.code} {write_lines(one)}".strip() for one in citations)
    assert parse_citations(text) == tuple(citations)


@given(st.text(max_size=80))
def test_any_text_is_read_without_losing_a_document(text: str) -> None:
    parts = [part for part in text.split(";") if part.strip()]
    assert len(parse_citations(text)) <= len(parts)


def test_the_forms_found_in_the_facts() -> None:
    assert parse_citations("proceedings_2022 l.2429-2433, 144, 2238-2262") == (
        Citation("proceedings_2022", ((2429, 2433), (144, 144), (2238, 2262))),
    )
    assert parse_citations("sheet_pemb ; proceedings_2022 l.2753-3086") == (
        Citation("sheet_pemb"),
        Citation("proceedings_2022", ((2753, 3086),)),
    )
    assert parse_citations("proceedings_2022 l.883-996, 2753-3086 ; X07") == (
        Citation("proceedings_2022", ((883, 996), (2753, 3086))),
        Citation("X07"),
    )
    assert parse_citations("") == ()


def test_lines_after_a_semicolon_belong_to_the_document_before() -> None:
    assert parse_citations("sheet_pemb l.3 ; l.9-10") == (
        Citation("sheet_pemb", ((3, 3), (9, 10))),
    )


def test_a_note_in_brackets_is_kept() -> None:
    citation = parse_citations("proceedings_2022 l.2021-2048 (oral)")[0]
    assert citation.note == "oral"
    assert "oral" in write_lines(citation)
