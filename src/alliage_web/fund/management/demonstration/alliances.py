"""The invented organisations and alliances of the story: every one says that it is invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliage_web.accounts.actions import give_role
from alliage_web.accounts.models import Role
from alliage_web.actors.actions import create_organisation
from alliage_web.actors.models import INVENTED
from alliage_web.actors.queries import Description
from alliage_web.alliances.actions import create_alliance
from alliage_web.alliances.queries import Content, find_by_code

from .story import CALL_ANNOUNCED

if TYPE_CHECKING:
    from alliage_web.actors.models import Organisation
    from alliage_web.alliances.models import Alliance

    from .story import Story


@dataclass(frozen=True, slots=True)
class InventedParty:
    name: str
    world: str
    brings: str


@dataclass(frozen=True, slots=True)
class InventedAlliance:
    """An alliance of the story. Its first two parties apply, and one of the two receives."""

    code: str
    name: str
    why: str
    commune: str
    started: str
    stage: str
    parties: tuple[InventedParty, ...]
    receives: int

    @property
    def title(self) -> str:
        return f"{self.name} (alliance de démonstration, inventée)"


MARSH = InventedAlliance(
    "marsh",
    "Le marais partagé",
    "rendre le marais à ses riverains.",
    "94080",
    "2024",
    "modelling",
    (
        InventedParty(
            "Commune du Marais (inventée)",
            "local_authority",
            "Une salle et un agent un jour par semaine.",
        ),
        InventedParty(
            "Association des riverains (inventée)",
            "association",
            "Quarante bénévoles et la connaissance du marais.",
        ),
        InventedParty(
            "Atelier du bord de l’eau (inventé)",
            "company",
            "Des matériaux et un chantier d’insertion.",
        ),
    ),
    receives=1,
)
CANAL = InventedAlliance(
    "canal",
    "La halte du canal",
    "ouvrir une halte où bateliers et habitants se croisent.",
    "59350",
    "2023",
    "modelling",
    (
        InventedParty(
            "Association La Halte (inventée)", "association", "Un lieu ouvert et trois salariés."
        ),
        InventedParty(
            "Ville du Canal (inventée)", "local_authority", "Le quai, et un agent à mi-temps."
        ),
        InventedParty(
            "Fondation des Écluses (inventée)", "foundation", "Un réseau de mécènes du canal."
        ),
    ),
    receives=0,
)
PLATEAU = InventedAlliance(
    "plateau",
    "Les cuisines du plateau",
    "cuisiner ensemble ce qui pousse ici.",
    "29019",
    "2022",
    "deployment",
    (
        InventedParty(
            "Cuisines partagées (inventées)", "association", "Deux cuisines et leurs équipes."
        ),
        InventedParty(
            "Communauté du Plateau (inventée)",
            "local_authority",
            "Les cantines, et un terrain.",
        ),
        InventedParty(
            "Maraîchers du Plateau (inventés)", "company", "Des légumes, et l’accès aux champs."
        ),
    ),
    receives=0,
)
FOREST = InventedAlliance(
    "forest",
    "L’école de la forêt",
    "apprendre dehors, avec ceux qui vivent de la forêt.",
    "97411",
    "2024",
    "modelling",
    (
        InventedParty("Commune de la Forêt (inventée)", "local_authority", "La forêt communale."),
        InventedParty(
            "Les Amis de la Forêt (inventés)", "association", "Des animateurs et des familles."
        ),
        InventedParty("Scierie du Haut (inventée)", "company", "Du bois, et des heures d’atelier."),
    ),
    receives=1,
)
#: Two worlds only: the call asks for three.
GARDEN = InventedAlliance(
    "garden",
    "Le jardin des deux rives",
    "cultiver les berges.",
    "94080",
    "2023",
    "emergence",
    (
        InventedParty(
            "Jardiniers des deux rives (inventés)", "association", "Des outils et des graines."
        ),
        InventedParty("Village d’en Face (inventé)", "local_authority", "Une berge."),
    ),
    receives=0,
)


def _organisations(told: InventedAlliance, story: Story) -> list[Organisation]:
    found = []
    for party in told.parties:
        described = Description(
            name=party.name,
            world=party.world,
            profile=party.world,
            summary_fr="Cette organisation n’existe pas : elle sert à la démonstration.",
            summary_en="This organisation does not exist: it serves the demonstration.",
            source=INVENTED,
        )
        found.append(
            create_organisation(description=described, by=None, at=story.at(CALL_ANNOUNCED))
        )
    return found


def write_alliance(told: InventedAlliance, story: Story) -> Alliance:
    """Write an alliance; Maxime acts for its first party in it, Camille for the second."""
    actors = _organisations(told, story)
    blank = dict.fromkeys(("profile", "role", "entered", "left"), "")
    parties = [
        {
            **blank,
            "organisation": actor.slug,
            "name": actor.name,
            "world": actor.world,
            "brings": party.brings,
            "source": INVENTED,
        }
        for actor, party in zip(actors, told.parties, strict=True)
    ]
    content = Content(
        {
            "title": told.title,
            "summary": "Alliance inventée pour la démonstration : rien n’y est réel.",
            "why": f"Démonstration : {told.why}",
            "started": told.started,
            "stage": told.stage,
            "source": INVENTED,
        },
        {
            "parties": parties,
            "territories": [{"level": "commune", "code": told.commune, "note": "exemple inventé"}],
        },
    )
    at = story.at(CALL_ANNOUNCED)
    made = create_alliance(content=content, by=story["camille"], at=at, submission=None)
    alliance = find_by_code(made.code)
    assert alliance is not None
    for word, actor in zip(("maxime", "camille"), actors, strict=False):
        give_role(
            user=story[word],
            role=Role.PARTY_MEMBER,
            at=at,
            by=None,
            place=alliance.stable_name,
            organisation=actor.stable_name,
        )
    return alliance
