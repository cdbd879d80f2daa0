"""The explorer says what a table allows, of figures that exist, and says when they are invented."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import openpyxl
import polars as pl
import pytest
from django.urls import reverse
from tests.factories import observatory
from tests.factories.observatory_release_values import release_values
from tests.factories.observatory_releases import published_release

from alliage.observatory.reading.claims import Context, FigureClaim, rank_claim
from alliage.observatory.releases.values import Cell, CellStatus, Measure, Table, Unit
from alliage.observatory.releases.values import Question as LibraryQuestion
from alliage_web.observatory.documents import explored as documents
from alliage_web.observatory.documents import sentences
from alliage_web.observatory.documents.charts import Diverging
from alliage_web.observatory.documents.explored_charts import chart_of
from alliage_web.observatory.models import PublishedFigure, Question, Wave
from alliage_web.observatory.queries import explorer as queries

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from alliage.observatory.releases.values import Release
    from alliage_web.observatory.queries.explorer import Explored

pytestmark = [pytest.mark.django_db, pytest.mark.one_engine]
EXPLORER = "/observatoire/explorer/"
SYNTHETIC = "synthétiques"


@cache
def values(
    wave: str = "demo", *, synthetic: bool = True, seed: int = 2022, shift: float = 0.0
) -> Release:
    return release_values(
        wave=wave, synthetic=synthetic, seed=seed, shift=shift, hidden=("bretagne",)
    )


@pytest.fixture
def demo() -> None:
    study = observatory.study("impact_citizens", label_fr="Impact citoyens")
    wave = observatory.wave(study, "demo", label_fr="Vague de démonstration", synthetic=True)
    published_release(wave, values())


def two_waves(comparability: str = "comparable", **told: Any) -> None:
    """Publish two real waves that asked the same questions."""
    study = observatory.study("impact_citizens", label_fr="Impact citoyens")
    question = observatory.question("fragility", kind="battery", theme="fragility", answers=[])
    for code, year, seed, shift in (("2019", 2019, 7, 0.6), ("2022", 2022, 2022, 0.0)):
        wave = observatory.wave(study, code, year=year)
        said = {"comparability": comparability, **told} if code == "2022" else {}
        observatory.ask(wave, question, **said)
        published_release(wave, values(code, synthetic=False, seed=seed, shift=shift))


def state(**given: str) -> Explored:
    found = queries.explored(given)
    assert found is not None
    return found


def pick(
    measure: str, group: str, question: str = "health", by: str = "region", wave: str = "demo"
) -> str:
    return queries.Pick(f"impact_citizens:{wave}", question, by, measure, group).code


def test_without_a_release_the_page_says_what_comes_first(client: Client) -> None:
    page = client.get(EXPLORER)
    assert page.status_code == 200
    assert "Aucune vague n’est encore publiée" in page.content.decode()
    assert client.get(reverse("observatory:explorer-embed")).status_code == 404
    assert client.get(reverse("observatory:explorer-file", args=["csv"])).status_code == 404


@pytest.mark.usefixtures("demo")
def test_the_page_shows_figures_margins_bases_and_that_they_are_invented(client: Client) -> None:
    page = client.get(EXPLORER, {"question": "health", "par": "region"}).content.decode()
    assert SYNTHETIC in page
    assert "Occitanie" in page
    assert "± " in page
    assert "Base : répondants" in page
    assert 'role="img"' in page
    # A hidden figure is neither shown nor zero, and the page says what « s » is.
    assert "s : chiffre masqué" in page
    assert "explorer-table__cell--hidden" in page


@pytest.mark.usefixtures("demo")
def test_a_browser_sends_the_form_whatever_is_chosen(client: Client) -> None:
    page = client.get(EXPLORER).content.decode()
    form = page[page.index('id="choix"') : page.index("</form>", page.index('id="choix"'))]
    assert '<option value="" selected>' in form
    assert " required" not in form


@pytest.mark.usefixtures("demo")
def test_what_does_not_exist_is_brought_back_to_what_does() -> None:
    found = state(vague="x", question="x", par="x", grandeur="x", mesure="x", groupe="x", avec="x")
    assert found.question.code == "fragility"
    assert found.breakdown.code == ""
    assert found.kind.code == "mean"
    again = state(**dict(parse_qsl(found.query())))
    assert again.query() == found.query()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"question": "fragility"}, "Intervals"),
        ({"question": "fragility", "graphique": "rangs"}, "Ranks"),
        ({"question": "fragility", "par": "region"}, "Intervals"),
        ({"question": "act_together", "par": "region"}, "Diverging"),
        ({"question": "act_together", "par": "region", "graphique": "groupes"}, "Intervals"),
        ({"question": "act_together", "graphique": "inconnu"}, "Intervals"),
    ],
)
def test_the_chart_fits_the_table(given: dict[str, str], kind: str) -> None:
    chart = chart_of(state(**given))
    assert type(chart).__name__ == kind
    assert chart is not None
    assert chart.about.synthetic


@pytest.mark.usefixtures("demo")
def test_a_figure_is_quoted_with_all_that_it_needs(client: Client) -> None:
    page = client.get(
        EXPLORER, {"question": "health", "par": "region", "a": pick("dynamic", "occitanie")}
    )
    sentence = page.context["quotation"].sentence
    for part in (
        "des citoyens", "Occitanie", "± ", "points", "95", "base 200 répondants", "Impact citoyens",
        "Vague de démonstration", SYNTHETIC,
    ):  # fmt: skip
        assert part in sentence
    assert sentence in page.content.decode().replace("&#x27;", "'")


@pytest.mark.usefixtures("demo")
def test_a_hidden_figure_is_not_quoted(client: Client) -> None:
    page = client.get(EXPLORER, {"a": pick("dynamic", "bretagne")})
    assert page.context["quotation"].refusal
    assert not page.context["quotation"].sentence


ORDER = re.compile(
    r"\b(plus|moins)\b[^.]*\bque\b|supérieur|inférieur|dépasse|davantage", re.IGNORECASE
)
CAUSE = re.compile(
    r"parce que|grâce à|à cause|entraîne|provoque|explique|effet de|due? à", re.IGNORECASE
)


@pytest.mark.usefixtures("demo")
def test_no_sentence_says_more_than_the_data() -> None:
    found = state(question="health", par="region")
    seen = set()
    groups = [group.code for group in found.breakdown.groups if group.code != "bretagne"]
    for one in groups:
        for other in groups:
            if one == other:
                continue
            codes = [queries.pick_of(pick("dynamic", group)) for group in (one, other)]
            assert codes[0] is not None
            assert codes[1] is not None
            said = documents.comparison_of(found, codes[0], codes[1])
            gap = queries.compared(found, codes[0], codes[1])
            established = gap.verdict.value != "not_established"
            seen.add((established, gap.holds_when_picked))
            if not established or not gap.holds_when_picked:
                assert not ORDER.search(said.sentence)
            else:
                assert "plus élevé que" in said.sentence
            assert not CAUSE.search(said.sentence)
            for part in ("citoyens", "± ", "base ", "Vague de démonstration", SYNTHETIC):
                assert part in said.sentence
    assert len(seen) == 3


@pytest.mark.usefixtures("demo")
def test_the_greater_figure_comes_first_whatever_was_picked_first() -> None:
    found = state(question="health", par="region")
    codes = [queries.pick_of(pick(answer, "")) for answer in ("stricken", "dynamic")]
    assert codes[0] is not None
    assert codes[1] is not None
    said = [
        documents.comparison_of(found, one, other)
        for one, other in ((codes[0], codes[1]), (codes[1], codes[0]))
    ]
    assert said[0].sentence == said[1].sentence
    assert said[0].sentence.index("Dynamique") < said[0].sentence.index("Sinistré")


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (pick("dynamic", "bretagne"), pick("dynamic", "occitanie"), "masqué"),
        (pick("dynamic", "occitanie"), pick("dynamic", "occitanie"), "deux fois"),
        (pick("health:mean", "", "fragility"), pick("dynamic", ""), "échelle"),
        (pick("dynamic", "nowhere"), pick("dynamic", ""), "publié"),
        (pick("dynamic", "", wave="1999"), pick("dynamic", ""), "publié"),
    ],
)
def test_what_is_not_compared_is_explained(
    client: Client, first: str, second: str, why: str
) -> None:
    page = client.get(EXPLORER, {"a": first, "b": second})
    assert page.status_code == 200
    assert why in page.context["comparison"].refusal
    assert why in page.content.decode()


@pytest.mark.usefixtures("demo")
def test_two_tables_are_compared_with_the_widest_margin(client: Client) -> None:
    page = client.get(
        EXPLORER,
        {"a": pick("dynamic", "occitanie"), "b": pick("dynamic", "18_24", by="age")},
    )
    assert "la plus large possible" in " ".join(page.context["comparison"].notes)


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("address", ["a=x", "a=~~~~", "b=1~2~3~4~5", "a=1~2~3~4~5&b=%00~~~~"])
def test_an_address_written_by_hand_is_answered(client: Client, address: str) -> None:
    assert client.get(f"{EXPLORER}?{address}").status_code == 200


def test_waves_that_compare_are_drawn_as_slopes(client: Client) -> None:
    two_waves()
    found = state(vague="impact_citizens:2022", question="fragility", avec="impact_citizens:2019")
    assert found.other is not None
    assert type(chart_of(found)).__name__ == "Slopes"
    assert any(pair.is_established(len(found.pairs)) for pair in found.pairs)
    page = client.get(EXPLORER, {"vague": "impact_citizens:2022", "avec": "impact_citizens:2019"})
    assert "établi" in page.content.decode()
    assert SYNTHETIC not in page.content.decode()


def test_waves_that_do_not_compare_are_told_why_and_never_joined(client: Client) -> None:
    two_waves("broken", breaks=["scale"], reason_fr="L’échelle a changé.")
    asked = {"vague": "impact_citizens:2022", "avec": "impact_citizens:2019"}
    found = state(**asked)
    assert type(chart_of(found)).__name__ != "Slopes"
    assert all(pair.difference is None for pair in found.pairs)
    page = client.get(EXPLORER, asked).content.decode()
    assert "L’échelle a changé." in page
    first, second = (pick("health:mean", "", "fragility", "", wave) for wave in ("2019", "2022"))
    said = client.get(EXPLORER, {"a": first, "b": second}).context["comparison"]
    assert "L’échelle a changé." in said.refusal


def test_a_break_in_another_study_of_the_same_people_breaks_the_series_too() -> None:
    """« Comparable » is said against the wave before, which may be of another study."""
    two_waves()
    asked = "impact_citizens:2019", "impact_citizens:2022"
    assert queries.series_break("fragility", asked) == ""
    between = observatory.wave(observatory.study("recovery_citizens"), "2020", year=2020)
    broken = {"comparability": "broken", "breaks": ["context"], "reason_fr": "Une crise."}
    observatory.ask(between, Question.objects.get(code="fragility"), **broken)
    assert queries.series_break("fragility", asked) == "Une crise."
    elected = observatory.study("recovery_elected", population="local_elected")
    Wave.objects.filter(pk=between.pk).update(study=elected)
    assert queries.series_break("fragility", asked) == ""


def test_a_question_that_nobody_described_is_not_compared() -> None:
    two_waves()
    found = state(vague="impact_citizens:2022", question="health", avec="impact_citizens:2019")
    assert "rien ne dit" in found.broken


def test_published_figures_stand_apart_without_margin(client: Client) -> None:
    two_waves()
    wave = Wave.objects.get(code="2022")
    PublishedFigure.objects.create(
        code="f1", theme="fragility", question=Question.objects.get(code="fragility"),
        wave=wave, population="citizen", label_fr="Santé, note moyenne", label_en="Health",
        statistic="mean", item="health", value="5.7", unit="mark", reading="sure",
        source="proceedings_2022 l.299",
    )  # fmt: skip
    page = client.get(EXPLORER, {"question": "fragility", "mesure": "health:mean"})
    (row,) = page.context["figures"].rows
    assert (row[0].text, row[0].href) == ("Santé, note moyenne", "/observatoire/chiffres/f1/")
    assert row[3:5] == ("5,7\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}10", "n/a")
    assert "Ce que disent les documents" in page.content.decode()
    assert "autre chiffre de documents" not in page.content.decode()
    for rank in range(13):
        PublishedFigure.objects.create(
            code=f"more{rank}", theme="fragility",
            question=Question.objects.get(code="fragility"), wave=wave, population="citizen",
            label_fr=f"Autre {rank}", label_en="Other", statistic="mean", item="health",
            value="5.7", unit="mark", reading="sure", source="proceedings_2022 l.299",
        )  # fmt: skip
    many = client.get(EXPLORER, {"question": "fragility", "mesure": "health:mean"})
    assert len(many.context["figures"].rows) == 12
    assert "2 autres chiffres de documents" in many.content.decode()
    other = client.get(EXPLORER, {"question": "fragility", "mesure": "mobility:mean"})
    assert not other.context["figures"]


@pytest.mark.usefixtures("demo")
def test_a_csv_says_on_each_line_that_it_is_invented(client: Client) -> None:
    answer = client.get(f"{EXPLORER}fichier.csv", {"question": "health", "par": "region"})
    assert answer["Content-Type"].startswith("text/csv")
    assert "synthetique.csv" in answer["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) == 3 * 13
    assert {line["synthetic"] for line in lines} == {"true"}
    assert all(SYNTHETIC in line["notice"] for line in lines)
    assert all("publication n° 1" in line["source"] for line in lines)
    hidden = [line for line in lines if line["group"] == "bretagne"]
    assert {(line["status"], line["value"], line["respondents"]) for line in hidden} == {
        ("hidden", "", "")
    }


@pytest.mark.usefixtures("demo")
def test_a_workbook_and_a_parquet_say_where_they_come_from(client: Client) -> None:
    address = {"question": "health", "par": "region"}
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"{EXPLORER}fichier.xlsx", address).content)
    )
    about = [[str(cell.value) for cell in row] for row in book.worksheets[1].iter_rows()]
    assert SYNTHETIC in about[0][0]
    told = {row[0]: row[1] for row in about[1:]}
    assert told["synthetic"] == "true"
    assert len(told["fingerprint"]) == 64
    assert told["address"].startswith("http://testserver/observatoire/explorer/?")
    parquet = client.get(f"{EXPLORER}fichier.parquet", address).content
    assert pl.read_parquet_metadata(io.BytesIO(parquet))["synthetic"] == "true"
    frame = pl.read_parquet(parquet)
    shown = frame.filter(pl.col("status") != "hidden")
    assert frame.height == 39
    assert shown["value"].null_count() == 0


@pytest.mark.usefixtures("demo")
def test_drawings_say_it_too(client: Client) -> None:
    svg = client.get(f"{EXPLORER}fichier.svg", {"question": "act_together", "par": "age"})
    text = svg.content.decode()
    assert SYNTHETIC in text
    assert "Impact citoyens" in text
    assert re.search(r"base : [\d\s–]+ répondants", text)
    assert "testserver/observatoire/explorer/" in text
    png = client.get(f"{EXPLORER}fichier.png", {"question": "act_together", "par": "age"})
    assert png.content.startswith(b"\x89PNG")
    assert client.get(f"{EXPLORER}fichier.exe").status_code == 404


@pytest.mark.usefixtures("demo")
def test_only_the_page_to_embed_may_be_framed(client: Client) -> None:
    embedded = client.get(reverse("observatory:explorer-embed"), {"question": "health"})
    assert embedded.status_code == 200
    assert "X-Frame-Options" not in embedded
    assert "frame-ancestors *" in embedded["Content-Security-Policy"]
    assert "script-src 'none'" in embedded["Content-Security-Policy"]
    assert "form-action 'none'" in embedded["Content-Security-Policy"]
    assert "<script" not in embedded.content.decode()
    assert "<form" not in embedded.content.decode()
    assert SYNTHETIC in embedded.content.decode()
    (told,) = re.findall("<title>(.*)</title>", embedded.content.decode())
    assert SYNTHETIC in told
    whole = client.get(EXPLORER)
    pasted = "&lt;iframe src=&quot;http://testserver/observatoire/explorer/integrer/?"
    assert pasted in whole.content.decode()
    assert f"(Données {SYNTHETIC}" in whole.context["embed_code"]
    assert whole["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in whole["Content-Security-Policy"]


@pytest.mark.usefixtures("demo")
def test_a_page_asks_few_queries_and_fewer_once_its_parts_are_known(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    asked = {"question": "health", "par": "region", "a": pick("dynamic", "occitanie")}
    with django_assert_max_num_queries(8):
        client.get(EXPLORER, asked)
    with django_assert_max_num_queries(5):
        client.get(EXPLORER, asked)


def test_two_waves_ask_few_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    two_waves()
    asked = {"vague": "impact_citizens:2022", "avec": "impact_citizens:2019"}
    client.get(EXPLORER, asked)
    with django_assert_max_num_queries(5):
        client.get(EXPLORER, asked)


@pytest.mark.usefixtures("demo")
def test_a_rank_is_quoted_with_the_ranks_that_remain_possible() -> None:
    found = state(question="fragility", mesure="health:mean")
    said = documents.rank_quotation(found)
    for part in ("Santé", "entre le 1er", "sur 16", "95", "base 2", SYNTHETIC):
        assert part in said


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "plus de 99"), (0.0, "moins de 1"), (0.5, "50"), (0.99, "99")]
)
def test_a_probability_found_by_draws_is_never_sure(share: float, text: str) -> None:
    ranking = values().rankings[0]
    sure = replace(ranking, items=tuple(replace(one, top=share) for one in ranking.items))
    claim = rank_claim(values().head, sure, ranking.items[0].item, respondents=2400)
    said = sentences.rank_sentence(claim, "Vague")
    assert f"les trois premiers : {text}\N{NO-BREAK SPACE}%" in said


@pytest.mark.usefixtures("demo")
def test_a_sentence_names_to_whom_the_question_was_put(client: Client) -> None:
    found = state(question="health")
    asked = replace(found.question, universe=("salariés seulement", "employees only"))
    claim = FigureClaim(
        context=Context("impact_citizens", "demo", "citizen", synthetic=True, level=0.95),
        question=asked, measure=found.rows[0][0], group=found.group,
        value=0.5, low=0.4, high=0.6, margin=0.1, respondents=87, caution=False,
    )  # fmt: skip
    assert "base 87 répondants (salariés seulement)" in sentences.figure_sentence(claim, "Vague")
    assert documents.universe_of(replace(found, question=asked)) == "salariés seulement"
    assert "Posée seulement à" not in client.get(EXPLORER).content.decode()
    nobody_counts = replace(found.table, missing=(None,) * len(found.table.missing))
    told = documents.table_of(replace(found, question=asked, table=nobody_counts))
    assert set(told.missing) == {"n/a"}


@pytest.mark.usefixtures("demo")
def test_silence_about_a_battery_is_silence_about_all_its_items() -> None:
    assert documents.table_of(state(question="fragility")).missing_label == "Sans aucune réponse"
    assert documents.table_of(state(question="health")).missing_label == "Sans réponse"


@pytest.mark.usefixtures("demo")
def test_the_table_and_the_description_say_that_it_is_invented(client: Client) -> None:
    page = client.get(EXPLORER)
    assert SYNTHETIC in page.context["table"].caption
    (described,) = re.findall('name="description" content="([^"]*)"', page.content.decode())
    assert SYNTHETIC in described


@pytest.mark.usefixtures("demo")
def test_a_rank_is_not_told_of_a_share() -> None:
    assert documents.rank_quotation(state(question="fragility", grandeur="top_box:8-10")) == ""


@pytest.mark.usefixtures("demo")
def test_nobody_and_caution_are_told_apart_from_hidden() -> None:
    found = state(question="health", par="region")
    row = list(found.table.rows[0])
    row[1] = Cell(CellStatus.NOBODY)
    row[3] = replace(row[3], status=CellStatus.CAUTION)
    table = replace(found.table, rows=(tuple(row), *found.table.rows[1:]))
    shown = documents.table_of(replace(found, table=table))
    assert [cell.text for cell in shown.rows[0].cells[1:3]] == ["n/a", "s"]
    assert not shown.rows[0].cells[1].href
    assert (shown.has_nobody, shown.has_hidden, shown.has_caution) == (True, True, True)


@pytest.mark.usefixtures("demo")
def test_a_bar_of_answers_is_not_drawn_where_one_of_them_is_hidden() -> None:
    found = state(question="act_together", par="region")
    chart = chart_of(found)
    assert isinstance(chart, Diverging)
    assert [row.label for row in chart.rows if row.shares is None] == ["Bretagne"]
    assert chart.apart == 1
    assert chart.levels[-1] == "Ne sait pas"


def battery_of_answers(
    code: str, labels: tuple[str, ...], items: tuple[str, ...]
) -> LibraryQuestion:
    """Return a battery whose items have answers instead of marks."""
    return LibraryQuestion(
        code=code, theme="impact", labels=("Impacts", "Impacts"), wording=("", ""), kind="battery",
        ordered=True, universe=("", ""),
        measures=tuple(
            Measure(
                code=f"{item}:{label}", item=item, statistic="proportion", level=label,
                labels=(f"{item} : {label}",) * 2, unit=Unit.SHARE, bounds=(0.0, 1.0),
                item_labels=(item, item), level_labels=(label, label),
            )
            for item in items
            for label in labels
        ),
    )  # fmt: skip


def test_answers_of_a_battery_are_drawn_together_as_the_table_shows_them() -> None:
    question = battery_of_answers("impact", ("fort", "faible"), ("Emploi", "Santé"))
    base = values()
    cells = tuple(
        (Cell(CellStatus.SHOWN, value=share, error=0.01, low=share - 0.02, high=share + 0.02,
              respondents=2400),)
        for share in (0.7, 0.3, 0.6, 0.4)
    )  # fmt: skip
    release = replace(
        base,
        head=replace(base.head, questions=(question,), breakdowns=base.head.breakdowns[:1]),
        tables=(Table("impact", "", cells, (0,)),),
        covariances=(),
        rankings=(),
    )
    study = observatory.study("impact_citizens")
    published_release(observatory.wave(study, "demo", synthetic=True), release)
    found = state()
    chart = chart_of(found)
    assert isinstance(chart, Diverging)
    assert [row.shares for row in chart.rows] == [(0.7, 0.3), (0.6, 0.4)]
    rows = documents.table_of(found).rows
    assert [row.label for row in rows] == [
        "Emploi : fort", "Emploi : faible", "Santé : fort", "Santé : faible",
    ]  # fmt: skip
