"""Write an invented charter, and another that waits for a signature, in the demonstration."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.test.utils import override_settings
from django.utils import timezone

from alliage.positioning.charter import Asked, guide
from alliage_web.actors.models import INVENTED
from alliage_web.alliances.models import Alliance
from alliage_web.positioning.actions.charters import (
    SectionValues,
    SignatureValues,
    begin_charter,
    comment,
    invite_party,
    open_for_signature,
    sign,
    write_section,
)
from alliage_web.positioning.models import Charter, CharterVersion
from alliage_web.positioning.queries.charters import find_version, seen

_TEXTS = {
    "commitments": (
        "Exemple inventé. Chaque organisation libère une personne un jour par mois pour ce que "
        "nous faisons ensemble. L’association accueille qui se présente ; la collectivité ouvre "
        "ses lieux ; les autres apportent leur métier.\n\nQui ne peut plus tenir son engagement "
        "le dit aux autres dans le mois."
    ),
    "contributions": (
        "Exemple inventé. Du temps, un lieu et du matériel. Ce qui est acheté ensemble reste à "
        "l’alliance."
    ),
    "governance": (
        "Exemple inventé. Nous nous réunissons le premier lundi du mois à 18 h, une fois chez "
        "chacun. Qui reçoit anime ; le suivant écrit le compte rendu."
    ),
    "decision": (
        "Exemple inventé. Nous décidons sans vote quand personne ne s’oppose. Sinon, une voix par "
        "organisation, aux deux tiers, à la réunion suivante."
    ),
    "exit": (
        "Exemple inventé. Qui part finit la saison commencée et rend ce qui lui a été prêté. Il "
        "dit pourquoi s’il le souhaite."
    ),
    "review": "Exemple inventé. Qu’avons-nous tenu ? Qu’est-ce qui manque ? Qui manque ?",
}
_NOTICE = 60
_KITCHENS = (
    "Exemple inventé. D’ici trois ans, la moitié des repas servis dans les cantines du plateau "
    "viennent de fermes à moins de vingt kilomètres.\n\nNous n’ouvrons pas de magasin."
)
_CANAL = (
    "Exemple inventé. Chaque été, bateliers et habitants se retrouvent à la halte, et dix "
    "personnes sans emploi y apprennent un métier du canal.\n\nNous ne louons pas de bateaux."
)
#: The alliance of a charter, its title and its aim, and whether its first party has still to sign.
_CHARTERS = (
    ("Les cuisines du plateau", "Charte inventée des cuisines du plateau", _KITCHENS, False),
    ("La halte du canal", "Charte inventée de la halte du canal", _CANAL, True),
)


class Command(BaseCommand):
    help = (
        "Write two invented charters among the invented organisations: one in force and public, "
        "one that waits for a signature. Refused outside a demonstration. A second run changes "
        "nothing."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.ALLIAGE_DEMO or settings.PRODUCTION:
            msg = "An invented charter is refused outside a demonstration. Set ALLIAGE_MODE=demo."
            raise CommandError(msg)
        if Charter.objects.filter(invented=True).exists():
            self.stdout.write("There are invented charters, left as they are.")
            return
        # The story is of past days: nobody receives its messages.
        quiet = override_settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend")
        with quiet, transaction.atomic():
            for name, title, purpose, waits in _CHARTERS:
                _write(_alliance(name), title, purpose, waits=waits)
        self.stdout.write("Two invented charters are written: one in force, one to be signed.")


def _alliance(name: str) -> Alliance:
    found = Alliance.objects.filter(source=INVENTED, title__startswith=name).first()
    if found is None:
        msg = (
            f"The invented alliance « {name} » is not there. Run create_demo_applications and "
            "create_demo_agreements first."
        )
        raise CommandError(msg)
    return found


def _write(alliance: Alliance, title: str, purpose: str, *, waits: bool) -> None:
    texts = {**_TEXTS, "purpose": purpose}
    today = timezone.localdate()
    begun = timezone.now() - dt.timedelta(days=40)
    organisations = [
        party.organisation
        for party in alliance.parties.select_related("organisation").order_by("pk")
        if party.organisation is not None
    ]
    charter = begin_charter(
        title=title,
        organisation=organisations[0],
        alliance=alliance,
        by=None,
        at=begun,
        invented=True,
    )
    version = charter.versions.get()
    on = timezone.localdate(begun)
    for organisation in organisations[1:]:
        invite_party(version=version, organisation=organisation, by=None, at=begun, on=on)
    for section in guide().sections:
        if section.code not in texts:
            continue
        write_section(
            version=version,
            section=section,
            values=SectionValues(
                text=texts[section.code],
                notice_days=_NOTICE if section.asks is Asked.NOTICE_DAYS else None,
                review_on=today + dt.timedelta(days=300)
                if section.asks is Asked.REVIEW_ON
                else None,
            ),
            seen=seen(_fresh(version), section),
            by=None,
            at=begun,
            on=on,
        )
    comment(
        version=version,
        section=guide().sections[0],
        organisation=organisations[-1],
        text="Exemple inventé : dire comment nous le vérifierons.",
        by=None,
        at=begun,
        on=on,
    )
    signed = begun + dt.timedelta(days=10)
    open_for_signature(version=version, by=None, at=signed, on=timezone.localdate(signed))
    ready = _fresh(version)
    for rank, party in enumerate(ready.parties.order_by("pk")):
        if waits and rank == 0:
            continue
        sign(
            party=party,
            digest=ready.digest,
            values=SignatureValues(
                signatory=f"Personne inventée n° {rank + 1}",
                capacity="qualité inventée",
                agrees_public=True,
            ),
            by=None,
            at=signed,
            on=timezone.localdate(signed),
        )


def _fresh(version: CharterVersion) -> CharterVersion:
    found = find_version(version.charter.uuid, version.number)
    assert found is not None, "it was just written"
    return found
