"""From an institute's file to a draft: what is refused, kept and destroyed, and who may."""

from __future__ import annotations

import datetime as dt
import io
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import polars as pl
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from tests.factories.observatory_releases import (
    PUBLISHED_AT,
    SPECIFICATION,
    asked_wave,
    columns,
    described_file,
    received_file,
    respondents,
    written_file,
)
from tests.factories.people import somebody

from alliage.observatory.respondents.anomalies import AnomalyKind, Treatment, UntreatedError
from alliage.observatory.respondents.coding import CodingError
from alliage.survey import SurveyError
from alliage.values.lives import DecisionRefusedError
from alliage.values.yaml_files import InvalidFilesError
from alliage_web.accounts.models import Role, User
from alliage_web.accounts.queries.own_places import OBSERVATORY
from alliage_web.accounts.queries.register import processing_register
from alliage_web.audit.models import Event
from alliage_web.observatory.actions import releases as release_actions
from alliage_web.observatory.actions import respondent_files as actions
from alliage_web.observatory.models import Release, RespondentFile, Wave
from alliage_web.observatory.models.respondent_files import FOLDER
from alliage_web.observatory.queries import respondent_files as file_queries
from alliage_web.observatory.queries.respondent_files import Leftovers, OtherFileError

if TYPE_CHECKING:
    from pathlib import Path

    from django.test import Client
    from pytest_django.fixtures import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wave")]

LATER = PUBLISHED_AT + dt.timedelta(days=1)


@pytest.fixture
def ada() -> User:
    return somebody("Ada", (Role.RESEARCHER, OBSERVATORY))


@pytest.fixture
def wave() -> Wave:
    return asked_wave()


def contents() -> set[str]:
    """Return what stands in private storage."""
    return set(default_storage.listdir(FOLDER)[1]) if default_storage.exists(FOLDER) else set()


def content_of(answer: Any) -> bytes:
    """Read what is downloaded to its end, which closes the file."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    for file in getattr(answer, "_resource_closers", ()):
        file()
    return content


def sent(frame: pl.DataFrame, name: str = "vague.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, frame.write_csv().encode())


# Receiving.


def test_a_file_is_kept_with_its_copy_and_its_date(wave: Wave, tmp_path: Path, ada: User) -> None:
    file = received_file(wave, tmp_path, by=ada)
    assert (file.rows, file.state, file.keeps_received) == (240, "received", True)
    assert contents() == {file.uuid.hex, f"{file.uuid.hex}.parquet"}
    assert file.destroy_on == dt.date(2028, 4, 1)
    event = Event.objects.get(target=file.stable_name)
    assert event.kind == "respondents.received"
    assert event.changes["sha256"] == [None, file.sha256]


@pytest.mark.parametrize(
    ("fieldwork_last", "expected"),
    [
        (dt.date(2026, 1, 31), dt.date(2028, 2, 1)),
        (dt.date(2025, 12, 15), dt.date(2028, 1, 1)),
        # A wave of long ago: time is left to compute it.
        (dt.date(2012, 6, 1), dt.date(2026, 5, 31)),
    ],
)
def test_respondents_are_destroyed_some_time_after_the_fieldwork(
    wave: Wave, fieldwork_last: dt.date, expected: dt.date
) -> None:
    wave.fieldwork_last = fieldwork_last
    assert actions.latest_destruction(wave, received=PUBLISHED_AT.date()) == expected


def test_a_fieldwork_to_come_keeps_respondents_no_longer(wave: Wave) -> None:
    """Whatever is written of the wave, nobody answered after the file came."""
    wave.fieldwork_last = dt.date(2090, 1, 1)
    assert actions.latest_destruction(wave, received=dt.date(2026, 3, 2)) == dt.date(2028, 4, 1)


def test_the_register_says_how_long_respondents_are_kept() -> None:
    (line,) = [one for one in processing_register() if one.code == "respondents"]
    assert [rule.months for rule in line.rules] == [24]
    assert line.retention.startswith("Vingt-quatre mois après le terrain")


@pytest.mark.parametrize("day", [dt.date(2028, 4, 2), PUBLISHED_AT.date(), dt.date(2020, 1, 1)])
def test_respondents_are_kept_no_longer_than_the_register_says(
    wave: Wave, tmp_path: Path, day: dt.date
) -> None:
    path = written_file(respondents(20), tmp_path)
    with pytest.raises(actions.DestructionDateError) as refusal:
        actions.receive_file(wave=wave, path=path, destroy_on=day, by=None, at=PUBLISHED_AT)
    assert refusal.value.latest == dt.date(2028, 4, 1)
    assert not RespondentFile.objects.exists()
    assert contents() == set()
    latest = refusal.value.latest
    file = actions.receive_file(wave=wave, path=path, destroy_on=latest, by=None, at=PUBLISHED_AT)
    assert file.destroy_on == latest


def test_the_form_says_the_latest_day_and_refuses_one_after(client: Client, ada: User) -> None:
    client.force_login(ada)
    address = reverse("observatory:respondents-receive", args=["impact_citizens", "2022"])
    form = client.get(address).context["form"]
    assert date_format(form.latest) in form.fields["destroy_on"].help_text
    given = {"encoding": "utf-8", "destroy_on": (form.latest + dt.timedelta(days=1)).isoformat()}
    answer = client.post(address, given | {"file": sent(respondents(20))})
    assert answer.status_code == 422
    assert f"Choisissez le {date_format(form.latest)} au plus tard" in answer.content.decode()
    assert contents() == set()
    given["destroy_on"] = form.latest.isoformat()
    assert client.post(address, given | {"file": sent(respondents(20))}).status_code == 302
    assert RespondentFile.objects.get().destroy_on == form.latest


def test_a_day_that_passes_while_the_file_is_sent_is_told(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(ada)
    address = reverse("observatory:respondents-receive", args=["impact_citizens", "2022"])
    today = timezone.localdate()
    tomorrow = today + dt.timedelta(days=1)
    # The form is read before midnight, the file after.
    given = {"encoding": "utf-8", "destroy_on": tomorrow.isoformat()}
    monkeypatch.setattr(timezone, "localdate", lambda at=None: tomorrow if at else today)
    answer = client.post(address, given | {"file": sent(respondents(20))})
    assert answer.status_code == 422
    assert "Ce jour est passé" in answer.content.decode()
    assert contents() == set()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("vague.sav", b"not a file of SPSS", "Le fichier est coupé"),
        ("vague.parquet", b"PAR1 nothing", "Le fichier est coupé"),
        ("vague.xlsx", b"PK nothing", "Le fichier est abîmé"),
        ("vague.csv", "région;âge\n1;2\n".encode("windows-1252"), "encodage"),
        ("vague.csv", b"a,b\n", "aucune ligne"),
        ("vague.csv", b"a,b\n1,2\n3\n", ""),
        ("vague.pdf", b"%PDF-1.7", "pas d’un type lu ici"),
        ("vague.csv", b"", "vide"),
        ("vague.csv", b"a,b\n1,2\n\n3\n5,6\n", "ligne 4"),
    ],
)
def test_an_unreadable_file_is_refused_and_nothing_is_kept(
    client: Client, ada: User, name: str, content: bytes, told: str
) -> None:
    client.force_login(ada)
    address = reverse("observatory:respondents-receive", args=["impact_citizens", "2022"])
    answer = client.post(address, {"file": SimpleUploadedFile(name, content), "encoding": "utf-8"})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not RespondentFile.objects.exists()
    assert contents() == set()


def test_columns_that_name_people_are_told_and_nothing_is_kept(client: Client, ada: User) -> None:
    client.force_login(ada)
    frame = respondents(20).with_columns(
        pl.Series("Prénom", ["Zoé"] * 20), pl.Series("contact", ["zoe@example.org"] * 20)
    )
    address = reverse("observatory:respondents-receive", args=["impact_citizens", "2022"])
    answer = client.post(address, {"file": sent(frame), "encoding": "utf-8"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "« Prénom »" in page
    assert "« contact » : ligne 1, une adresse électronique" in page
    assert "zoe@example.org" not in page
    assert contents() == set()
    given = {"file": sent(frame), "encoding": "utf-8", "drop": "Prénom\ncontact"}
    assert client.post(address, given).status_code == 302
    file = RespondentFile.objects.get()
    # The file as received holds them: it is not kept.
    assert contents() == {f"{file.uuid.hex}.parquet"}
    assert file.dropped == ["Prénom", "contact"]
    with default_storage.open(file.coded_path) as content:
        kept = pl.read_parquet(io.BytesIO(content.read()))
    assert not {"Prénom", "contact"} & set(kept.columns)


@pytest.mark.parametrize(
    "mark", [{"synthetic": [1] * 20}, {"numero": [f"SYN-{row:04}" for row in range(1, 21)]}]
)
def test_invented_respondents_are_not_received_as_real_ones(
    client: Client, ada: User, mark: dict[str, list[object]]
) -> None:
    client.force_login(ada)
    frame = respondents(20).with_columns(pl.Series(name, said) for name, said in mark.items())
    given = {"file": sent(frame), "encoding": "utf-8", "drop": "synthetic\nnumero"}
    address = reverse("observatory:respondents-receive", args=["impact_citizens", "2022"])
    answer = client.post(address, given)
    assert answer.status_code == 422
    assert "inventés par un générateur" in answer.content.decode()
    assert contents() == set()
    Wave.objects.update(synthetic=True)
    assert client.post(address, given | {"file": sent(frame)}).status_code == 302


def test_too_many_rows_are_for_the_command(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alliage_web.observatory.views.respondent_files.MOST_ROWS", 10)
    client.force_login(ada)
    address = reverse("observatory:respondents-receive", args=["impact_citizens", "2022"])
    answer = client.post(address, {"file": sent(respondents(11)), "encoding": "utf-8"})
    assert answer.status_code == 422
    assert "import_wave" in answer.content.decode()
    assert contents() == set()


def test_a_form_sent_twice_is_received_once(client: Client, ada: User) -> None:
    client.force_login(ada)
    address = reverse("observatory:respondents-receive", args=["impact_citizens", "2022"])
    token = str(uuid4())
    for _time in range(2):
        given = {"file": sent(respondents(20)), "encoding": "utf-8", "submission": token}
        assert client.post(address, given).status_code == 302
    assert RespondentFile.objects.count() == 1
    assert len(contents()) == 2


def test_a_write_that_fails_leaves_no_bytes(
    wave: Wave, tmp_path: Path, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_told: object) -> None:
        raise OSError(28, "No space left")

    monkeypatch.setattr(actions, "record", fail)
    with pytest.raises(OSError, match="No space left"):
        received_file(wave, tmp_path, by=ada)
    assert contents() == set()
    assert not RespondentFile.objects.exists()


# Telling what it answers.


def test_columns_are_guessed_then_corrected(
    client: Client, wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = received_file(wave, tmp_path, by=ada)
    client.force_login(ada)
    address = reverse("observatory:respondents-questions", args=[file.uuid])
    form = client.get(address).context["form"]
    given = {name: field.initial or "" for name, field in form.fields.items()}
    names = [one["name"] for one in file.columns]
    rank = names.index("Q1")
    # The battery is known by its names; the question was not.
    assert given[f"target-{names.index('fragility_jobs')}"] == "fragility_jobs"
    assert given[f"target-{rank}"] == "="
    given[f"target-{rank}"] = "health"
    given[f"answers-{rank}"] = "1 = good\n2 = bad"
    answer = client.post(address, given)
    assert answer.status_code == 422
    assert "« Q1 », ligne" in answer.content.decode()
    assert "« 9 »" in answer.content.decode()
    given[f"answers-{rank}"] = "1 = good\n2 = bad\n9 = dk"
    assert client.post(address, given).status_code == 302
    file.refresh_from_db()
    assert file.mapping["Q1"]["answers"] == {"1": "good", "2": "bad", "9": "dk"}


def test_a_mapping_that_changes_asks_for_the_specification_again(
    wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = described_file(wave, tmp_path, by=ada)
    file = actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    assert (file.state, file.specification) == ("received", SPECIFICATION)
    with pytest.raises(DecisionRefusedError):
        release_actions.compute(file=file, by=ada, at=LATER)


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("title: Vague\ntables: [{name: t, questions: [helth]}]\n", "ligne 2"),
        ("title: Vague\ntabels: []\n", "tabels"),
        ("title: [\n", "YAML"),
        ("title: V\ndata: {questionnaire: /etc/hosts}\n", "aucun autre fichier"),
        ("title: V\ncalibrations: [{margins_file: ../x.csv}]\n", "aucun autre fichier"),
        ("title: V\ndesign: {weights: absent}\n", "absent"),
    ],
)
def test_a_faulty_specification_is_told_by_line_and_nothing_typed_is_lost(
    client: Client, wave: Wave, tmp_path: Path, ada: User, text: str, told: str
) -> None:
    file = received_file(wave, tmp_path, by=ada)
    actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    client.force_login(ada)
    address = reverse("observatory:respondents-specification", args=[file.uuid])
    answer = client.post(address, {"specification": text})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert told in page
    assert text.splitlines()[0] in page
    file.refresh_from_db()
    assert (file.state, file.specification) == ("received", "")


def test_a_first_specification_is_written_from_choices(
    client: Client, wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = received_file(wave, tmp_path, by=ada)
    actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    client.force_login(ada)
    address = reverse("observatory:respondents-specification", args=[file.uuid])
    chosen = {"draft": "1", "weights": "poids", "strata": "region", "breakdowns": ["region"]}
    form = client.get(address, chosen).context["form"]
    text = form.initial["specification"]
    assert "strata: region" in text
    assert client.post(address, {"specification": text}).status_code == 302
    file.refresh_from_db()
    assert file.state == "described"
    margins = client.get(address, {**chosen, "margins": "on"}).context["form"]
    assert "region * town_size" in margins.initial["specification"]


def test_from_the_file_to_the_draft_by_the_pages(
    client: Client, wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = described_file(wave, tmp_path, by=ada)
    client.force_login(ada)
    for name in ("respondents", "respondents-anomalies", "respondents-specification"):
        assert client.get(reverse(f"observatory:{name}", args=[file.uuid])).status_code == 200
    answer = client.post(reverse("observatory:respondents-compute", args=[file.uuid]))
    release = Release.objects.get()
    draft = reverse("observatory:release-draft", args=[release.uuid])
    assert answer["Location"] == draft
    page = client.get(draft, {"question": "health", "croisement": "region"}).content.decode()
    assert "Normandie" in page or "normandie" in page
    client.post(reverse("observatory:release-decide", args=[release.uuid, "soumettre"]))
    own = client.post(reverse("observatory:release-decide", args=[release.uuid, "approuver"]))
    assert own.status_code == 403
    bob = somebody("Bob", (Role.RESEARCHER, OBSERVATORY))
    client.force_login(bob)
    back = reverse("observatory:release-send-back", args=[release.uuid])
    assert client.get(back).status_code == 200
    assert client.post(back, {"reason": ""}).status_code == 422
    client.post(reverse("observatory:release-decide", args=[release.uuid, "approuver"]))
    release.refresh_from_db()
    assert (release.state, release.number) == ("published", 1)
    withdraw = reverse("observatory:release-withdraw", args=[release.uuid])
    assert client.post(withdraw, {"reason": "Poids faux."}).status_code == 302
    release.refresh_from_db()
    assert release.state == "withdrawn"
    assert client.get(draft).status_code == 200


# Bad input: each is named, nothing is published.


def spoilt(**changes: pl.Expr) -> pl.DataFrame:
    """Return respondents whose fourth row is spoilt."""
    return (
        respondents()
        .with_row_index("rank")
        .with_columns(
            pl.when(pl.col("rank") == 3).then(value).otherwise(pl.col(name)).alias(name)
            for name, value in changes.items()
        )
        .drop("rank")
    )


@pytest.mark.parametrize(
    ("frame", "kind", "treatment"),
    [
        (spoilt(fragility_jobs=pl.lit(11)), AnomalyKind.CODE, Treatment.SET_MISSING),
        (spoilt(poids=pl.lit(0.0)), AnomalyKind.WEIGHT, Treatment.EXCLUDE),
        (spoilt(poids=pl.lit(-1.0)), AnomalyKind.WEIGHT, Treatment.EXCLUDE),
        (spoilt(sex=pl.lit("other")), AnomalyKind.MARGIN_UNKNOWN, Treatment.EXCLUDE),
    ],
)
def test_an_anomaly_is_named_and_nothing_is_computed_until_it_is_treated(
    wave: Wave,
    tmp_path: Path,
    ada: User,
    frame: pl.DataFrame,
    kind: AnomalyKind,
    treatment: Treatment,
) -> None:
    file = received_file(wave, tmp_path, by=ada, frame=frame)
    file = actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    text = SPECIFICATION
    try:
        file = actions.describe_file(file=file, specification=text, by=ada, at=LATER)
    except (InvalidFilesError, SurveyError):
        pytest.fail("what is wrong with rows is told by the screening")
    with pytest.raises(UntreatedError) as refused:
        release_actions.compute(file=file, by=ada, at=LATER)
    assert {one.kind for one in refused.value.anomalies} == {kind}
    assert refused.value.anomalies[0].values["row"] == "4"
    assert not Release.objects.exists()
    file = actions.treat_anomalies(file=file, treatments={kind: treatment}, by=ada, at=LATER)
    release = release_actions.compute(file=file, by=ada, at=LATER)
    assert release.report["anomalies"] == [
        {"kind": kind.value, "rows": 1, "treatment": treatment.value}
    ]


@pytest.mark.one_engine
def test_the_page_of_anomalies_names_rows_and_keeps_what_is_chosen(
    client: Client, wave: Wave, tmp_path: Path, ada: User
) -> None:
    frame = spoilt(fragility_jobs=pl.lit(11))
    file = described_file(wave, tmp_path, by=ada, frame=frame)
    client.force_login(ada)
    told = client.post(reverse("observatory:respondents-compute", args=[file.uuid]), follow=True)
    assert "Code hors de la liste (colonne « fragility_jobs », ligne 4)" in told.content.decode()
    address = reverse("observatory:respondents-anomalies", args=[file.uuid])
    assert client.post(address, {}).status_code == 422
    assert client.post(address, {"code": "set_missing"}).status_code == 302
    file.refresh_from_db()
    assert file.treatments == {"code": "set_missing"}


def test_a_category_of_the_margins_without_a_respondent_is_named(
    wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = received_file(wave, tmp_path, by=ada)
    file = actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    margins = SPECIFICATION.replace("man: 480", "man: 480, other: 10")
    with pytest.raises(InvalidFilesError, match=r"line 4.*« other » is no level of « sex »"):
        actions.describe_file(file=file, specification=margins, by=ada, at=LATER)


def test_margins_that_do_not_sum_are_named(wave: Wave, tmp_path: Path, ada: User) -> None:
    file = received_file(wave, tmp_path, by=ada)
    file = actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    more = "man: 480}, region: {bretagne: 1, normandie: 1, grand_est: 1"
    margins = SPECIFICATION.replace("man: 480", more)
    file = actions.describe_file(file=file, specification=margins, by=ada, at=LATER)
    with pytest.raises(UntreatedError) as refused:
        release_actions.compute(file=file, by=ada, at=LATER)
    assert AnomalyKind.MARGIN_SUM in {one.kind for one in refused.value.anomalies}
    assert not Release.objects.exists()


def test_a_questionnaire_that_changed_since_is_told(
    client: Client, wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = described_file(wave, tmp_path, by=ada)
    asked = wave.asked.get(question__code="health").question
    asked.answers = asked.answers[:1]
    asked.save()
    client.force_login(ada)
    for name in ("anomalies", "compute"):
        address = reverse(f"observatory:respondents-{name}", args=[file.uuid])
        send = client.get if name == "anomalies" else client.post
        told = send(address, follow=True).content.decode()
        assert "« bad », qui n’est pas une réponse de « health »" in told
    assert not Release.objects.exists()


def test_rows_that_are_not_in_the_storage_are_told(
    client: Client, wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = described_file(wave, tmp_path, by=ada)
    default_storage.delete(file.coded_path)
    client.force_login(ada)
    for name in ("respondents-compute", "respondents-anomalies"):
        ask = client.post if name.endswith("compute") else client.get
        answer = ask(reverse(f"observatory:{name}", args=[file.uuid]), follow=True)
        assert answer.status_code == 200
        assert "n’est plus dans le stockage" in answer.text
    assert not Release.objects.exists()


def test_a_value_without_an_answer_is_named(wave: Wave, tmp_path: Path, ada: User) -> None:
    file = received_file(wave, tmp_path, by=ada, frame=spoilt(Q1=pl.lit(7)))
    with pytest.raises(CodingError) as refused:
        actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    assert refused.value.faults[0].values["row"] == "4"
    file.refresh_from_db()
    assert file.mapping == {}


# Who may.


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("role", "place", "sees", "reads"),
    [
        (Role.RESEARCHER, OBSERVATORY, 200, 200),
        # Who administers the platform follows the work, and reads no answer.
        (Role.ADMINISTRATOR, "platform", 200, 403),
        (Role.READER, OBSERVATORY, 404, 404),
        (None, "", 404, 404),
    ],
)
def test_who_sees_the_work_and_who_reads_answers(
    client: Client,
    wave: Wave,
    tmp_path: Path,
    ada: User,
    role: Role | None,
    place: str,
    sees: int,
    reads: int,
) -> None:
    file = described_file(wave, tmp_path, by=ada)
    person = somebody("Person", *([(role, place)] if role else []))
    client.force_login(person)
    for name, args in (("pipeline", []), ("respondents", [file.uuid])):
        assert client.get(reverse(f"observatory:{name}", args=args)).status_code == sees
    for name in ("respondents-questions", "respondents-anomalies", "respondents-destroy"):
        answer = client.get(reverse(f"observatory:{name}", args=[file.uuid]))
        assert answer.status_code == reads
    download = reverse("observatory:respondents-download", args=[file.uuid, "code"])
    answer = client.post(download)
    assert answer.status_code == reads
    content_of(answer)
    compute = reverse("observatory:respondents-compute", args=[file.uuid])
    if reads != 200:
        assert client.post(compute).status_code == reads


@pytest.mark.one_engine
def test_signed_out_people_are_led_to_sign_in(client: Client) -> None:
    assert client.get(reverse("observatory:pipeline")).status_code == 302


def test_each_download_is_recorded(client: Client, wave: Wave, tmp_path: Path, ada: User) -> None:
    file = received_file(wave, tmp_path, by=ada)
    client.force_login(ada)
    for content in ("recu", "code"):
        address = reverse("observatory:respondents-download", args=[file.uuid, content])
        assert client.get(address).status_code == 405
        answer = client.post(address)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        assert content_of(answer)
    kinds = Event.objects.filter(target=file.stable_name, kind="respondents.downloaded")
    assert [event.by for event in kinds] == [f"user:{ada.pk}"] * 2


# Destroying.


def test_a_file_is_destroyed_with_its_bytes(
    client: Client,
    wave: Wave,
    tmp_path: Path,
    ada: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    file = received_file(wave, tmp_path, by=ada)
    client.force_login(ada)
    address = reverse("observatory:respondents-destroy", args=[file.uuid])
    assert client.post(address, {}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post(address, {"sure": "on"}).status_code == 302
    assert contents() == set()
    file.refresh_from_db()
    assert (file.state, file.destroyed_by) == ("destroyed", ada)
    assert client.get(reverse("observatory:respondents", args=[file.uuid])).status_code == 200
    assert client.get(address).status_code == 404
    event = Event.objects.get(target=file.stable_name, kind="respondents.destroyed")
    assert event.changes["sha256"] == [file.sha256, None]


def test_the_command_destroys_what_is_past_its_date_and_what_belongs_to_nothing(
    wave: Wave,
    tmp_path: Path,
    ada: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    old, new = received_file(wave, tmp_path, by=ada), received_file(wave, tmp_path, by=ada)
    past = dt.date(2026, 3, 1)
    RespondentFile.objects.filter(pk=old.pk).update(destroy_on=past)
    RespondentFile.objects.filter(pk=new.pk).update(destroy_on=dt.date(2999, 1, 1))
    default_storage.save(f"{FOLDER}/orphan", ContentFile(b"x"))
    with django_capture_on_commit_callbacks(execute=True):
        done = actions.destroy_expired(at=dt.datetime(2998, 1, 1, tzinfo=dt.UTC))
    assert done.expired == (old.uuid,)
    assert done.orphans == ("orphan",)
    assert contents() == {new.uuid.hex, f"{new.uuid.hex}.parquet"}
    assert Event.objects.get(kind="respondents.destroyed").by == "command"
    told = io.StringIO()
    call_command("destroy_expired_respondents", stdout=told)
    assert "0 files destroyed" in told.getvalue()


def test_a_file_that_somebody_destroys_meanwhile_stops_no_other(
    wave: Wave, tmp_path: Path, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, due = received_file(wave, tmp_path, by=ada), received_file(wave, tmp_path, by=ada)
    actions.destroy_file(file=gone, by=ada, at=LATER)
    found = Leftovers((gone.uuid, due.uuid), ())
    monkeypatch.setattr(file_queries, "leftovers", lambda **_now: found)
    actions.destroy_expired(at=LATER)
    due.refresh_from_db()
    assert due.state == "destroyed"


# The command.


def test_the_command_does_what_the_pages_do(tmp_path: Path, ada: User) -> None:
    frame = respondents().with_columns(
        pl.col("Q1").replace_strict({1: "good", 2: "bad", 9: "dk"}).alias("health")
    )
    spec = tmp_path / "spec.yaml"
    (tmp_path / "marges.csv").write_text("variable,level,total\nsex,woman,520\nsex,man,480\n")
    spec.write_text(
        SPECIFICATION.replace("margins: {sex: {woman: 520, man: 480}}", "margins_file: marges.csv")
    )
    data = written_file(frame.drop("Q1"), tmp_path)
    told = io.StringIO()
    day = timezone.localdate() + dt.timedelta(days=30)
    options = {"wave": "impact_citizens/2022", "spec": spec, "by": ada.email, "stdout": told}
    call_command("import_wave", data, destroy_on=day, **options)
    assert RespondentFile.objects.get().destroy_on == day
    release = Release.objects.get()
    assert str(release.uuid) in told.getvalue()
    assert release.computed_by == ada
    assert "marges.csv" not in release.specification


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"wave": "impact_citizens/1999"}, "no wave"),
        ({"by": "nobody@example.org"}, "researcher"),
        ({"treat": ["code=drop"]}, "no treatment"),
        ({"destroy_on": dt.date(2999, 1, 1)}, "at the latest"),
        ({}, "row 4"),
    ],
)
def test_the_command_says_why_and_leaves_nothing(
    tmp_path: Path,
    ada: User,
    change: dict[str, object],
    told: str,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    frame = spoilt(fragility_jobs=pl.lit(11)).with_columns(
        pl.col("Q1").replace_strict({1: "good", 2: "bad", 9: "dk"}).alias("health")
    )
    spec = tmp_path / "spec.yaml"
    spec.write_text(SPECIFICATION)
    options = {"wave": "impact_citizens/2022", "spec": spec, "by": ada.email, **change}
    with (
        pytest.raises(CommandError, match=told),
        django_capture_on_commit_callbacks(execute=True),
    ):
        call_command("import_wave", written_file(frame.drop("Q1"), tmp_path), **options)
    assert not Release.objects.exists()
    assert not RespondentFile.objects.exclude(state="destroyed").exists()


# What the database and the lists hold.


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"rows": 0},
        {"name": ""},
        {"state": "unknown"},
        {"state": "destroyed"},
        {"destroyed_at": LATER},
        {"state": "described"},
    ],
)
def test_the_database_refuses_impossible_files(
    wave: Wave, tmp_path: Path, ada: User, change: dict[str, object]
) -> None:
    file = received_file(wave, tmp_path, by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        RespondentFile.objects.filter(pk=file.pk).update(**change)


@pytest.mark.one_engine
def test_the_list_asks_as_much_for_many_as_for_one(
    client: Client,
    wave: Wave,
    tmp_path: Path,
    ada: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(ada)
    for _rank in range(4):
        received_file(wave, tmp_path, by=ada)
    with django_assert_max_num_queries(12):
        client.get(reverse("observatory:pipeline"))


def test_a_specification_that_names_a_file_is_refused(
    wave: Wave, tmp_path: Path, ada: User
) -> None:
    file = received_file(wave, tmp_path, by=ada)
    file = actions.map_columns(file=file, columns=columns(), by=ada, at=LATER)
    text = "title: V\ncalibrations: [{margins_file: /etc/passwd}]\n"
    with pytest.raises(OtherFileError):
        actions.describe_file(file=file, specification=text, by=ada, at=LATER)
