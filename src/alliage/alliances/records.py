"""Alliances as files: one YAML record per alliance, checked whole before anything is used.

The format is described in ``data/alliances/README.md``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, model_validator

from alliage.alliances.vocabulary import (
    AmountStatus,
    Lever,
    OutcomeStatus,
    Profile,
    Reading,
    Stage,
    World,
)
from alliage.territories.levels import Level
from alliage.values.dates import PartialDate, Precision
from alliage.values.yaml_files import FileProblem, InvalidFilesError, place, read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

CODE = r"^[a-z0-9]+(_[a-z0-9]+)*$"
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
SDG = r"^([1-9]|1[0-7])$"
SDG_TARGET = r"^([1-9]|1[0-7])\.([1-9]|1[0-9]|[a-d])$"
DIVERGENCE = r"^C\d{2}b?$"

#: A season is written by its first month, and the year when it starts.
SEASON_FIRST_MONTHS = (3, 6, 9, 12)


def _partial_date(value: object) -> PartialDate:
    return value if isinstance(value, PartialDate) else PartialDate.parse(str(value))


FilePartialDate = Annotated[PartialDate, PlainValidator(_partial_date), PlainSerializer(str)]
Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
ShortText = Annotated[Text, Field(max_length=200)]
Remark = Annotated[Text, Field(max_length=300)]
UnitText = Annotated[Text, Field(max_length=60)]
Euros = Annotated[Decimal, Field(gt=0, max_digits=14, decimal_places=2)]
Year = Annotated[int, Field(ge=1900, le=2100)]


class Part(BaseModel):
    """A part of a record: no unknown field, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Classification(Part):
    """A term under which the alliance is placed: stated by a source, or derived with a reason."""

    code: Text
    reading: Reading
    reason: Remark | None = None
    source: Remark | None = None

    @model_validator(mode="after")
    def _explained(self) -> Classification:
        if self.reading is Reading.DERIVED and self.reason is None:
            msg = f"« {self.code} » is derived and gives no reason. Add `reason:`."
            raise ValueError(msg)
        if self.reading is not Reading.DERIVED and self.source is None:
            msg = f"« {self.code} » is {self.reading} and gives no source. Add `source:`."
            raise ValueError(msg)
        return self


class TermClassification(Classification):
    code: Annotated[str, Field(pattern=CODE)]


class SdgClassification(Classification):
    code: Annotated[str, Field(pattern=SDG)]


class SdgTargetClassification(Classification):
    code: Annotated[str, Field(pattern=SDG_TARGET)]


class StageReading(Part):
    """How far the alliance has come, and why we say so."""

    code: Stage
    reading: Reading
    reason: Remark


class Place(Part):
    """An official territory where the alliance acts."""

    level: Level
    code: Text
    note: ShortText | None = None


class PartyRecord(Part):
    """Who takes part: one organisation, or a group that no register names."""

    organisation: Annotated[str, Field(pattern=SLUG)] | None = None
    name: ShortText
    world: World
    profile: Profile
    role: ShortText | None = None
    brings: Text | None = None
    entered: FilePartialDate | None = None
    left: FilePartialDate | None = None
    source: Remark

    @model_validator(mode="after")
    def _leaves_after_entering(self) -> PartyRecord:
        if self.entered and self.left and self.left.first_day < self.entered.first_day:
            msg = f"leaves in {self.left}, before entering in {self.entered}. Correct a date."
            raise ValueError(msg)
        return self


class EventRecord(Part):
    """A moment, as precisely as its source knows it.

    A season is written by its first month: ``2020-06`` with precision ``season`` is summer 2020.
    """

    start: FilePartialDate
    end: FilePartialDate | None = None
    precision: Precision
    planned: bool = False
    text: Text
    boxed: bool = False
    source: Remark

    @model_validator(mode="after")
    def _dates_agree(self) -> EventRecord:
        if self.end and self.end.first_day < self.start.first_day:
            msg = f"ends in {self.end}, before its start in {self.start}. Correct a date."
            raise ValueError(msg)
        if self.precision is Precision.SEASON:
            if self.start.month not in SEASON_FIRST_MONTHS:
                msg = (
                    f"« {self.start} » starts no season. Write its first month: "
                    "03 (spring), 06 (summer), 09 (autumn) or 12 (winter)."
                )
                raise ValueError(msg)
        elif self.precision not in (self.start.precision, Precision.APPROXIMATE):
            msg = (
                f"precision is « {self.precision} » and « {self.start} » is known to the "
                f"{self.start.precision}. Make the two agree, or write « approximate »."
            )
            raise ValueError(msg)
        return self


class OutcomeRecord(Part):
    """What came of it; a figure never goes without its unit."""

    text: Remark
    value: Annotated[Decimal, Field(max_digits=16, decimal_places=2)] | None = None
    qualifier: UnitText | None = None
    unit: UnitText | None = None
    status: OutcomeStatus
    as_of: FilePartialDate | None = None
    source: Remark

    @model_validator(mode="after")
    def _figure_is_whole(self) -> OutcomeRecord:
        if (self.value is None) != (self.unit is None):
            msg = "a value and its unit go together. Add the missing one, or remove the other."
            raise ValueError(msg)
        if self.qualifier is not None and self.value is None:
            msg = f"« {self.qualifier} » qualifies no value. Add `value:` or remove `qualifier:`."
            raise ValueError(msg)
        return self


class AmountRecord(Part):
    """Money behind a support, in euros.

    ``part_of_parent`` marks an amount that the alliance of which this one is a part counts too.
    """

    eur: Euros
    years: tuple[Year, ...] = ()
    purpose: ShortText
    status: AmountStatus
    reading: Reading
    part_of_parent: bool = False
    source: Remark

    @model_validator(mode="after")
    def _years_are_known(self) -> AmountRecord:
        if self.status is AmountStatus.GRANTED and not self.years:
            msg = "is granted and gives no year. Add at least one year, or make it conditional."
            raise ValueError(msg)
        if list(self.years) != sorted(set(self.years)):
            msg = f"years {list(self.years)} are not in order, each once. Sort them."
            raise ValueError(msg)
        return self


class LeverRecord(Part):
    """What one lever brought. A lever that was not used says so (``na``) and has no amount."""

    text: Text | None = None
    na: bool = False
    na_text: Remark | None = None
    amounts: tuple[AmountRecord, ...] = ()

    @model_validator(mode="after")
    def _used_or_not(self) -> LeverRecord:
        if self.na and (self.amounts or self.text):
            msg = (
                "is marked `na` (not used) and has a text or an amount. "
                "Remove `na`, or remove them; say why it was not used in `na_text`."
            )
            raise ValueError(msg)
        if not (self.na or self.text or self.amounts):
            msg = "is empty. Add `text:` or `amounts:`, or write `na: true` if it was not used."
            raise ValueError(msg)
        if self.na_text is not None and not self.na:
            msg = "has an `na_text` and is used. Write `na: true`, or remove `na_text`."
            raise ValueError(msg)
        return self


class LessonRecord(Part):
    text: Text
    source: Remark


class PerspectiveRecord(Part):
    level: Literal["project", "local", "other_territories"]
    text: Text
    source: Remark


class AssertionRecord(Part):
    """What one source says."""

    claim: Text
    value: Annotated[Decimal, Field(max_digits=16, decimal_places=2)] | None = None
    unit: UnitText | None = None
    source: Remark
    stated_on: FilePartialDate | None = None


class DivergenceRecord(Part):
    """Sources disagree: the statements stand side by side, and nobody chooses."""

    code: Annotated[str, Field(pattern=DIVERGENCE)]
    subject: ShortText
    reading_fr: Text
    assertions: Annotated[tuple[AssertionRecord, ...], Field(min_length=1)]


class AllianceRecord(Part):
    """An alliance: who, why, when, with what effect, and how we know."""

    id: Annotated[str, Field(pattern=CODE, max_length=90)]
    slug: Annotated[str, Field(pattern=SLUG, max_length=90)]
    title: ShortText
    title_en: ShortText
    kind: Annotated[Text, Field(max_length=80)]
    kind_en: Annotated[Text, Field(max_length=80)]
    part_of: Annotated[str, Field(pattern=CODE)] | None = None
    stage: StageReading
    started: FilePartialDate | None = None
    ended: FilePartialDate | None = None
    summary: Text
    summary_en: Text
    why: Text
    reusable: Text
    domains: tuple[TermClassification, ...] = ()
    objectives: Annotated[tuple[TermClassification, ...], Field(min_length=1)]
    impact_natures: tuple[TermClassification, ...] = ()
    sdgs: tuple[SdgClassification, ...] = ()
    sdg_targets: tuple[SdgTargetClassification, ...] = ()
    territories: tuple[Place, ...] = ()
    territory_note: ShortText | None = None
    parties: Annotated[tuple[PartyRecord, ...], Field(min_length=1)]
    timeline: tuple[EventRecord, ...] = ()
    outcomes: tuple[OutcomeRecord, ...] = ()
    levers: Mapping[Lever, LeverRecord] = Field(default_factory=dict)
    lessons: tuple[LessonRecord, ...] = ()
    perspectives: tuple[PerspectiveRecord, ...] = ()
    divergences: tuple[DivergenceRecord, ...] = ()
    notes: tuple[Text, ...] = ()
    sources: Annotated[tuple[Text, ...], Field(min_length=1)]
    private_fund_to_public_authority: bool = False

    @model_validator(mode="after")
    def _holds_together(self) -> AllianceRecord:
        faults = [*self._repetitions(), *self._misplaced()]
        if faults:
            raise ValueError(" ".join(faults))
        return self

    def _repetitions(self) -> list[str]:
        codes: dict[str, Sequence[str]] = {
            "domains": [item.code for item in self.domains],
            "objectives": [item.code for item in self.objectives],
            "impact_natures": [item.code for item in self.impact_natures],
            "sdgs": [item.code for item in self.sdgs],
            "sdg_targets": [item.code for item in self.sdg_targets],
            "territories": [f"{item.level} {item.code}" for item in self.territories],
            "parties": [item.name for item in self.parties],
            "divergences": [item.code for item in self.divergences],
        }
        return [
            f"{field} names « {code} » {times} times. Keep one."
            for field, found in codes.items()
            for code, times in Counter(found).items()
            if times > 1
        ]

    def _misplaced(self) -> list[str]:
        faults = []
        if self.ended and self.started and self.ended.first_day < self.started.first_day:
            faults.append(f"ended ({self.ended}) is before started ({self.started}).")
        if not self.territories and self.territory_note is None:
            faults.append("territories is empty. Add a territory, or say where in territory_note.")
        if self.part_of is None and any(amount.part_of_parent for amount in self.amounts()):
            faults.append("an amount is part_of_parent and part_of is empty. Name the parent.")
        public = any(party.profile is Profile.LOCAL_AUTHORITY for party in self.parties)
        if self.private_fund_to_public_authority and not (public and any(self.amounts())):
            faults.append(
                "private_fund_to_public_authority needs an amount and a local authority among "
                "the parties. Add them, or write false."
            )
        return faults

    def amounts(self, status: AmountStatus | None = None) -> tuple[AmountRecord, ...]:
        """Amounts of all levers in the order of the levers, or those of one status."""
        found = (amount for lever in Lever for amount in self._lever_amounts(lever))
        return tuple(amount for amount in found if status in (None, amount.status))

    def _lever_amounts(self, lever: Lever) -> tuple[AmountRecord, ...]:
        return self.levers[lever].amounts if lever in self.levers else ()


def total_support(records: Iterable[AllianceRecord], *, status: AmountStatus) -> Decimal:
    """Add up the support of several alliances, each euro once.

    An amount that a part repeats from its whole is left out when the whole is in ``records``.

    Parameters
    ----------
    records : Iterable[AllianceRecord]
        The alliances to add up.
    status : AmountStatus
        Granted and conditional amounts are never added together.

    Returns
    -------
    Decimal
        Euros.

    Examples
    --------
    >>> total_support([], status=AmountStatus.GRANTED)
    Decimal('0')
    """
    chosen = list(records)
    known = {record.id for record in chosen}
    return _sum_eur(
        amount
        for record in chosen
        for amount in record.amounts(status)
        if not (amount.part_of_parent and record.part_of in known)
    )


def load_alliances(
    folder: Path, *, codes: Mapping[str, Collection[str]] | None = None
) -> list[AllianceRecord]:
    """Read every alliance of a folder, or refuse them all with every problem named.

    Parameters
    ----------
    folder : Path
        Holds one ``<id>.yaml`` file per alliance.
    codes : Mapping[str, Collection[str]], optional
        The codes allowed in ``domains``, ``objectives``, ``impact_natures``, ``sdgs``,
        ``sdg_targets`` and ``organisations``. A list that is left out is not checked.

    Returns
    -------
    list[AllianceRecord]
        In the order of the file names; a whole is not always before its parts.

    Raises
    ------
    InvalidFilesError
        If the folder holds no record, or one record is wrong or does not agree with the others.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        message = "holds no .yaml file. Give the folder of the alliances."
        raise InvalidFilesError([FileProblem(str(folder), "folder", message)])
    problems: list[FileProblem] = []
    records: dict[str, AllianceRecord] = {}
    for path in paths:
        try:
            records[path.name] = read_record(path, AllianceRecord)
        except InvalidFilesError as error:
            problems.extend(error.problems)
    # A parent that cannot be read is not an unknown parent: its own problems say enough.
    unread = {path.stem for path in paths if path.name not in records}
    problems += _names_problems(records)
    problems += _family_problems(records, unread)
    problems += _code_problems(records, codes or {})
    if problems:
        raise InvalidFilesError(sorted(problems))
    return list(records.values())


def _names_problems(records: Mapping[str, AllianceRecord]) -> list[FileProblem]:
    problems = []
    for file, record in records.items():
        if f"{record.id}.yaml" != file:
            message = f"« {record.id} » is not the file's name. Rename the file {record.id}.yaml."
            problems.append(FileProblem(file, "id", message))
    slugs: dict[str, list[str]] = defaultdict(list)
    for file, record in records.items():
        slugs[record.slug].append(file)
    for slug, files in slugs.items():
        for file in files[1:]:
            message = f"« {slug} » is already the address of {files[0]}. Choose another."
            problems.append(FileProblem(file, "slug", message))
    return problems


def _family_problems(
    records: Mapping[str, AllianceRecord], unread: Collection[str]
) -> list[FileProblem]:
    known = {record.id: record for record in records.values()}
    problems = []
    for file, record in records.items():
        if record.part_of is None:
            continue
        if record.part_of not in known and record.part_of not in unread:
            message = f"« {record.part_of} » is no alliance of this folder. Correct the id."
            problems.append(FileProblem(file, "part_of", message))
        if record.id in _ancestors(record, known):
            message = "the alliance is a part of itself. Remove one link of the circle."
            problems.append(FileProblem(file, "part_of", message))
    return problems + _repeated_amount_problems(records, known)


def _ancestors(record: AllianceRecord, known: Mapping[str, AllianceRecord]) -> set[str]:
    found: set[str] = set()
    current = record.part_of
    while current is not None and current in known and current not in found:
        found.add(current)
        current = known[current].part_of
    return found


def _repeated_amount_problems(
    records: Mapping[str, AllianceRecord], known: Mapping[str, AllianceRecord]
) -> list[FileProblem]:
    """Find parts that say they repeat more money than their whole has under the same lever."""
    repeated: dict[tuple[str, Lever], Decimal] = defaultdict(Decimal)
    problems = []
    for file, record in records.items():
        if record.part_of is None or record.part_of not in known:
            continue
        whole_levers = known[record.part_of].levers
        for lever, support in record.levers.items():
            part = _sum_eur(amount for amount in support.amounts if amount.part_of_parent)
            whole = _sum_eur(whole_levers[lever].amounts if lever in whole_levers else ())
            repeated[record.part_of, lever] += part
            if part and repeated[record.part_of, lever] > whole:
                message = (
                    f"amounts said to be part of {record.part_of} reach "
                    f"{repeated[record.part_of, lever]} €, and it has {whole} € under this lever. "
                    "Correct an amount, or remove part_of_parent."
                )
                where = place(("levers", lever.value, "amounts"))
                problems.append(FileProblem(file, where, message))
    return problems


def _sum_eur(amounts: Iterable[AmountRecord]) -> Decimal:
    return sum((amount.eur for amount in amounts), Decimal(0))


def _code_problems(
    records: Mapping[str, AllianceRecord], codes: Mapping[str, Collection[str]]
) -> list[FileProblem]:
    problems = []
    for file, record in records.items():
        for field, index, code in _codes_used(record):
            if field in codes and code not in codes[field]:
                where = place(("parties" if field == "organisations" else field, index))
                message = f"« {code} » is not a known code of {field}. Correct it, or add it there."
                problems.append(FileProblem(file, where, message))
    return problems


def _codes_used(record: AllianceRecord) -> Iterable[tuple[str, int, str]]:
    fields: Mapping[str, Sequence[Classification]] = {
        "domains": record.domains,
        "objectives": record.objectives,
        "impact_natures": record.impact_natures,
        "sdgs": record.sdgs,
        "sdg_targets": record.sdg_targets,
    }
    for field, items in fields.items():
        yield from ((field, index, item.code) for index, item in enumerate(items))
    for index, party in enumerate(record.parties):
        if party.organisation is not None:
            yield "organisations", index, party.organisation
