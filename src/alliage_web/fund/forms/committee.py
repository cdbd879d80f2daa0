"""The committee, as its secretary types it: rules, meetings, presences, decisions, minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliage.fund.instruction.committee import DecisionKind, Motion
from alliage_web.audit.forms import OnceForm
from alliage_web.fund.models import AgendaItem, Committee, DecisionChoices, VoteChoices
from alliage_web.fund.models.committee import ShareChoices

from .amounts import EurosField
from .later import ChoiceLaterField, TextLaterField

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alliage_web.accounts.models import User
    from alliage_web.fund.models import Attendance

_DAY = {"type": "date"}
_MAJORITIES = [choice for choice in ShareChoices.choices if choice[0] in {"1/2", "2/3", "3/4", "1"}]


def _day(label: Any, **kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **kwargs)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]
    """The rules of a committee."""

    class Meta:
        model = Committee
        fields = (
            "quorum_share", "quorum_strictly", "quorum_number", "quorum_base", "mode", "majority",
            "majority_base", "casting_vote", "names_votes",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["majority"] = forms.ChoiceField(
            label=_("Majorité"),
            choices=_MAJORITIES,
            help_text=_("La moitié doit être dépassée ; une part plus haute, atteinte."),
        )
        self.fields["quorum_number"].help_text = _(
            "En plus de la part, s’il y en a une. Un membre au moins est toujours nécessaire."
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("quorum_strictly") and cleaned.get("quorum_share") == ShareChoices.ALL:
            self.add_error(
                "quorum_strictly", _("Plus que tous les membres n’est pas possible. Décochez.")
            )
        return cleaned


class PlanForm(OnceForm):
    """A meeting to come."""

    held_on = _day(_("Date"))
    place = forms.CharField(label=_("Lieu"), max_length=200, required=False)


class AttendanceForm(forms.Form):
    """Who is there, and who presides."""

    guests = forms.CharField(
        label=_("Autres personnes présentes, sans voix"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Une personne par ligne."),
    )
    field_order = ("present", "chair", "guests")

    def __init__(self, *args: Any, rows: Sequence[Attendance], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(row.person_id), _named(row)) for row in rows]
        self.fields["present"] = forms.MultipleChoiceField(
            label=_("Présents"),
            choices=people,
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": _("Cochez qui est là.")},
        )
        self.fields["chair"] = forms.ChoiceField(
            label=_("Préside la séance"), choices=[("", _("Choisissez")), *people]
        )
        self.order_fields(self.field_order)


def _named(row: Attendance) -> str:
    if row.replaces is None:
        return str(row.person)
    return _("%(person)s, en remplacement de %(member)s") % {
        "person": row.person,
        "member": row.replaces,
    }


class AgendaForm(forms.Form):
    """Which applications come before a meeting."""

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["applications"] = forms.MultipleChoiceField(
            label=_("Dossiers"),
            required=False,
            choices=choices,
            widget=forms.CheckboxSelectMultiple,
        )


class DecisionForm(OnceForm):
    """A decision on an item, with the votes; what does not go with it is left empty."""

    kind = forms.ChoiceField(
        label=_("Décision"), choices=DecisionChoices.choices, widget=forms.RadioSelect
    )
    amount = EurosField(
        label=_("Montant accordé"),
        required=False,
        help_text=_("Pour un montant réduit ou sous réserve. Vide : le montant demandé."),
    )
    year = forms.IntegerField(label=_("Année de l’enveloppe"), min_value=1900, max_value=2200)
    reasons = TextLaterField(
        label=_("Motifs"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Les demandeurs les lisent. Ils restent au procès-verbal."),
    )
    conditions = forms.CharField(
        label=_("Conditions"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Une par ligne, pour toute décision qui accepte."),
    )
    no_condition = forms.BooleanField(label=_("Aucune condition"), required=False)
    legal_note = forms.CharField(
        label=_("Ce que le comité constate du chemin juridique"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_(
            "Nécessaire pour accepter quand les règles ne peuvent pas le dire : qui est payé, à "
            "quel titre, et sur quoi on se fonde. La convention le vérifiera de nouveau."
        ),
    )
    documents = forms.CharField(
        label=_("Pièces demandées"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Une par ligne."),
    )
    documents_due_on = _day(_("Pièces attendues avant la fin du"), required=False)
    questions = forms.CharField(
        label=_("Questions aux demandeurs"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Une par ligne. Elles partent avec l’ajournement."),
    )
    resume_on = _day(_("Reprise le"), required=False)

    def __init__(
        self, *args: Any, item: AgendaItem, voters: Sequence[User], able: Sequence[User],
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.item, self.voters = item, voters
        self.fields["presiding"] = forms.ChoiceField(
            label=_("Préside pour ce dossier"),
            required=False,
            choices=[
                ("", _("Qui préside la séance")),
                *((str(person.pk), str(person)) for person in able),
            ],
            help_text=_("À choisir quand la personne qui préside la séance se déporte."),
        )
        for person in voters:
            self.fields[f"vote_{person.pk}"] = ChoiceLaterField(
                label=str(person),
                choices=VoteChoices.choices,
                widget=forms.RadioSelect,
            )

    def votes(self) -> dict[int, str]:
        """Give the vote of each person; one that is not said is left out, and asked for."""
        return {
            person.pk: vote
            for person in self.voters
            if (vote := self.cleaned_data.get(f"vote_{person.pk}"))
        }

    def vote_fields(self) -> list[Any]:
        return [self[f"vote_{person.pk}"] for person in self.voters]

    def motion(self) -> Motion:
        """Give what is proposed: a field that was left empty says nothing."""
        data = self.cleaned_data
        kind = DecisionKind(data["kind"])
        amount = data["amount"]
        if kind is DecisionKind.ACCEPT and amount is None:
            amount = self.item.asked
        conditions = _lines(data["conditions"]) or (() if data["no_condition"] else None)
        return Motion(
            kind,
            data["reasons"].strip() or None,
            amount,
            conditions,
            _lines(data["documents"]) or None,
            data["documents_due_on"],
            _lines(data["questions"]) or None,
            data["resume_on"],
        )


class MinutesForm(OnceForm):
    """Why each application that was not decided on was not."""

    def __init__(self, *args: Any, undecided: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.undecided = undecided
        for reference, title in undecided.items():
            self.fields[f"why_{reference}"] = forms.CharField(
                label=_("%(title)s : pourquoi sans décision") % {"title": title},
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 2}),
                error_messages={
                    "required": _("Dites pourquoi : quorum, temps manquant, pièce attendue…")
                },
            )

    def reasons(self) -> dict[str, str]:
        return {reference: self.cleaned_data[f"why_{reference}"] for reference in self.undecided}
