from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from alliage_web.ui.components import (
    Card,
    Column,
    Crumb,
    DataTable,
    Definition,
    Facet,
    FacetOption,
    KeyFigure,
    TimelineEvent,
)
from alliage_web.ui.forms import ComboboxWidget

pytestmark = pytest.mark.one_engine


def render(name: str, /, **context: Any) -> str:
    request = RequestFactory().get("/alliances/", {"o": "1"})
    with translation.override("fr"):
        return render_to_string(f"ui/components/{name}.html", context, request=request)


def test_the_breadcrumb_ends_on_the_page() -> None:
    text = render("breadcrumb", crumbs=[Crumb("Territoires", "/territoires/"), Crumb("Ici", "/x/")])
    assert '<a href="/territoires/">Territoires</a>' in text
    assert '<span aria-current="page">Ici</span>' in text


def test_an_unknown_figure_is_said_unknown() -> None:
    text = render("key_figure", figure=KeyFigure("Levier", "", source="Fonds", as_of="2022"))
    assert "non connu" in text
    assert "Fonds, 2022" in text
    assert ">0<" not in text


def test_a_card_escapes_and_holds_its_french_spaces() -> None:
    text = render("card", card=Card("Qui ? <b>", "/x/", worlds=("company",), tags=("Emploi",)))
    assert "Qui\u202f? &lt;b&gt;" in text
    assert "world--company" in text


def test_facets_are_a_form_that_works_without_script() -> None:
    options = (FacetOption("1", "Engagement", 1204, selected=True), FacetOption("2", "Autre", 0))
    text = render("facets", facets=[Facet("o", "Objectif", options)], query="école")
    assert 'method="get"' in text
    assert 'action="/alliances/"' in text
    assert 'value="1" checked' in text
    assert "1\u202f204" in text
    assert ">0</span>" in text
    assert 'type="submit"' in text
    assert 'value="école"' in text


def test_the_chosen_filters_can_be_removed() -> None:
    options = (FacetOption("1", "Engagement", selected=True),)
    text = render("active_filters", facets=[Facet("o", "Objectif", options)])
    assert "Engagement" in text
    assert render("active_filters", facets=[]).strip() == ""


def test_pagination_is_absent_from_a_single_page() -> None:
    assert render("pagination", page=Paginator(range(3), 20).get_page(1)).strip() == ""
    text = render("pagination", page=Paginator(range(60), 20).get_page(2))
    assert 'href="?o=1&amp;page=3"' in text
    assert 'rel="prev"' in text


def test_a_table_names_its_rows_and_columns() -> None:
    table = DataTable("Leviers", (Column("Levier"), Column("Montant", numeric=True)), (("A", "1"),))
    text = render("table", table=table)
    assert '<th scope="col" class="table__num">Montant</th>' in text
    assert '<th scope="row">A</th>' in text
    assert 'tabindex="0"' in text


def test_a_table_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        _ = DataTable("…", (Column("A"),), (("1", "2"),)).lines


@pytest.mark.django_db
def test_timeline_definitions_and_notices() -> None:
    text = render(
        "timeline",
        events=[TimelineEvent("vers 2018", "Début", citation="X01", approximate=True)],
    )
    assert "timeline__event--approximate" in text
    assert "/sources/#X01" in text
    assert "non connu" in render("definitions", items=[Definition("Chef-lieu")])
    assert "notice--warning" in render("notice", kind="warning", text="Conditionnel.")
    assert "Aucune" in render("empty", title="Aucune alliance", href="/x/", action="Créer")


class SampleForm(forms.Form):
    title = forms.CharField(label="Titre", help_text="Une phrase.")
    day = forms.DateField(label="Jour", required=False)
    worlds = forms.MultipleChoiceField(
        label="Mondes", choices=[("a", "A")], widget=forms.CheckboxSelectMultiple
    )
    commune = forms.CharField(label="Commune", widget=ComboboxWidget(endpoint="/chercher/"))


def test_form_errors_are_linked_to_their_fields() -> None:
    with translation.override("fr"):
        text = str(SampleForm({"day": "hier"}))
    assert 'class="error-summary" role="alert"' in text
    assert 'href="#id_title"' in text
    assert 'id="id_title_error"' in text
    assert 'aria-describedby="id_title_helptext id_title_error"' in text
    assert 'aria-invalid="true"' in text
    assert "<fieldset" in text
    assert "(facultatif)" in text


def test_a_form_without_error_has_no_summary() -> None:
    assert "error-summary" not in str(SampleForm())


def test_the_combobox_works_with_and_without_a_choice() -> None:
    widget = ComboboxWidget(endpoint="/chercher/")
    assert widget.value_from_datadict({"c": "94080", "c_text": "Vincennes"}, {}, "c") == "94080"
    assert widget.value_from_datadict({"c": "", "c_text": "vincennes"}, {}, "c") == "vincennes"
    assert widget.value_from_datadict({}, {}, "c") is None
    text = str(SampleForm()["commune"])
    assert 'data-endpoint="/chercher/"' in text
    assert 'id="id_commune"' in text
