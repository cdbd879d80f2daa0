from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from django.core.paginator import Paginator
from django.template import Context, Template
from django.utils import translation

from alliage.alliances.vocabulary import World
from alliage_web.ui import citations
from alliage_web.ui.components import Facet, FacetOption
from alliage_web.ui.worlds import WORLD_SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.test import RequestFactory

pytestmark = pytest.mark.one_engine


def render(source: str, /, **context: Any) -> str:
    text = Template("{% load ui %}" + source).render(Context(context))
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.fixture
def named_sources() -> Iterator[None]:
    def lookup(codes: Iterable[str]) -> dict[str, citations.SourceLabel]:
        known = {"sheet_pemb": citations.SourceLabel("Fiche PEMB", "Fiche <PEMB> de 2022")}
        return {code: known[code] for code in codes if code in known}

    before = list(citations._registry)
    citations.register_labels(lookup)
    yield
    citations._registry[:] = before


@pytest.mark.parametrize(
    ("source", "value", "expected", "english"),
    [
        ("{{ value|number }}", 49853, "49 853", "49,853"),
        ("{{ value|number:1 }}", 3.14159, "3,1", "3.1"),
        ("{{ value|number }}", None, "non connu", None),
        ("{{ value|number }}", "", "non connu", None),
        ("{{ value|number }}", float("nan"), "non connu", None),
        ("{{ value|number }}", 0, "0", "0"),
        ("{{ value|euros }}", 1_500_000, "1,5 M€", "€1.5m"),
        ("{{ value|euros:'full' }}", 12345, "12 345 €", "€12,345"),
        ("{{ value|euros }}", None, "non connu", None),
        ("{{ value|percent }}", 0.34, "34 %", "34%"),
        ("{{ value|percent:1 }}", 0.345, "34,5 %", "34.5%"),
        ("{{ value|surface }}", 1.92, "1,92 km²", "1.92 km²"),
        ("{{ value|partial_date }}", "2014-09", "septembre 2014", "September 2014"),
        ("{{ value|partial_date:'season' }}", dt.date(2020, 7, 1), "été 2020", "summer 2020"),
        ("{{ value|partial_date }}", "à la rentrée", "à la rentrée", "à la rentrée"),
        ("{{ value|partial_date }}", None, "non connu", None),
        ("{% period value '2019' %}", "2018", "2018-2019", "2018–2019"),
        ("{% period value %}", None, "non connu", None),
        ("{{ value|soft_breaks }}", "Oui : 12 k€", "Oui : 12 k€", "Oui : 12 k€"),
    ],
)
def test_values_are_written_in_the_language_of_the_page(
    source: str, value: object, expected: str, english: str | None
) -> None:
    with translation.override("fr"):
        assert render(source, value=value) == expected
    if english is not None:
        with translation.override("en"):
            assert render(source, value=value) == english


def test_what_is_written_is_escaped() -> None:
    text = render("{{ value|partial_date }}{{ value|soft_breaks }}{{ value|cite }}", value="<b>")
    assert "<b>" not in text


@pytest.mark.parametrize("world", World)
def test_a_world_has_a_shape_a_letter_and_a_name(world: World) -> None:
    text = render("{{ world|world_badge }}", world=world)
    sign = WORLD_SIGNS[world]
    assert f"world--{world}" in text
    assert sign.path in text
    assert f">{sign.letter}</text>" in text
    assert str(sign.label) in text


def test_worlds_differ_by_shape_and_by_letter() -> None:
    assert len({sign.path for sign in WORLD_SIGNS.values()}) == len(World)
    assert len({sign.letter for sign in WORLD_SIGNS.values()}) == len(World)


def test_an_unknown_world_is_shown_among_the_others() -> None:
    assert "world--other" in render("{{ 'martian'|world_badge }}")


@pytest.mark.usefixtures("named_sources")
def test_citations_are_named_and_linked() -> None:
    text = render("{{ source|cite }}", source="sheet_pemb l.68-69 ; X01 ; entretien")
    assert 'href="/sources/#sheet_pemb"' in text
    assert "Fiche PEMB</a>" in text
    assert 'title="Fiche &lt;PEMB&gt; de 2022"' in text
    assert "l. 68-69" in text
    assert 'href="/sources/#X01"' in text
    assert "entretien" in text


def test_a_fact_without_source_cites_nothing() -> None:
    assert render("{{ source|cite }}", source=None) == ""


def test_an_unknown_icon_is_refused_with_the_list_of_those_that_exist() -> None:
    with pytest.raises(KeyError, match="search"):
        render("{% icon 'unicorn' %}")


def test_the_query_is_repeated_except_the_named_parameters(rf: RequestFactory) -> None:
    request = rf.get("/", {"q": '"école"', "o": ["1", "2"], "page": "3"})
    text = render("{% hidden_query 'page' %}", request=request)
    assert text.count("<input") == 3
    assert "&quot;école&quot;" in text
    assert "page" not in text


def test_another_page_keeps_the_choices(rf: RequestFactory) -> None:
    request = rf.get("/", {"o": ["1", "2"], "page": "3"})
    assert render("{% page_query 4 %}", request=request) == "?o=1&amp;o=2&amp;page=4"


def test_page_numbers_are_elided() -> None:
    page = Paginator(range(400), 20).get_page(7)
    text = render("{% page_numbers page as numbers %}{{ numbers|join:' ' }}", page=page)
    assert text == "1 … 6 7 8 … 20"


def test_a_chosen_option_can_be_dropped_alone(rf: RequestFactory) -> None:
    request = rf.get("/", {"o": ["1", "2"], "q": "école", "page": "3"})
    options = tuple(FacetOption(v, f"Option {v}", selected=v != "3") for v in "123")
    template = (
        "{% removable_filters facets as filters %}"
        "{% for filter in filters %}{{ filter.label }} {{ filter.href }}\n{% endfor %}"
    )
    text = render(template, request=request, facets=(Facet("o", "Objectif", options),))
    assert text.splitlines() == [
        "Option 1 ?o=2&amp;q=%C3%A9cole",
        "Option 2 ?o=1&amp;q=%C3%A9cole",
    ]


def test_a_term_gives_its_definition_without_script() -> None:
    text = render("{% term 'catalyseur territorial' 'Qui met en lien.' %}")
    assert 'popovertarget="terme-catalyseur-territorial"' in text
    assert 'id="terme-catalyseur-territorial" popover' in text
