"""A vintage of a few real communes, small enough to be loaded in each test.

It is cut out of the vintage that ships: the same files with fewer rows.
"""

from __future__ import annotations

import gzip
import json
import shutil
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import polars as pl

from alliage.values.datafiles import data_directory

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

SHIPPED = data_directory() / "territories" / "2026"

COMMUNES = (
    "11339",  # Saint-Denis (Aude)
    "22016",  # Île-de-Bréhat: no neighbour, no intercommunal body
    "2A004",  # Ajaccio
    "30247",  # Saint-Denis (Gard)
    "55245",  # Heudicourt-sous-les-Côtes: one of the two successors of 55273
    "55386",  # Nonsard-Lamarche: the other
    "75056",  # Paris
    "78551",  # Saint-Germain-en-Laye: successor of Fourqueux, 78251
    "80829",  # Y
    "93048",  # Montreuil
    "93066",  # Saint-Denis (Seine-Saint-Denis)
    "94018",  # Charenton-le-Pont
    "94033",  # Fontenay-sous-Bois
    "94067",  # Saint-Mandé
    "94080",  # Vincennes
    "97411",  # Saint-Denis (La Réunion)
    "97608",  # Dzaoudzi (Mayotte): population of 2017
    "98411",  # Îles Saint-Paul et Nouvelle-Amsterdam: nothing is known of it
    "98818",  # Nouméa: a population of a year that is not known
)


def write_vintage(
    folder: Path, *, year: int = 2026, merged: Mapping[str, str] | None = None
) -> Path:
    """Write a vintage of these communes; ``merged`` names those that others have absorbed."""
    merged = dict(merged or {})
    folder.mkdir(parents=True, exist_ok=True)
    kept = [code for code in COMMUNES if code not in merged]
    communes = pl.read_parquet(SHIPPED / "communes.parquet").filter(pl.col("code").is_in(kept))
    bodies = set(communes["epci"].drop_nulls()) | set(communes["ept"].drop_nulls())
    tables = {
        "communes": communes,
        "epci": _rows("epci", "siren", bodies),
        "departements": _rows("departements", "code", set(communes["departement"])),
        "regions": _rows("regions", "code", set(communes["region"])),
        "arrondissements_municipaux": _rows(
            "arrondissements_municipaux", "code", {"75101", "75112"}
        ),
        "codes_historiques": pl.concat(
            [
                _rows("codes_historiques", "commune_actuelle", set(kept)),
                pl.DataFrame(
                    {
                        "code": list(merged),
                        "nom": ["Saint-Mandé" for _ in merged],
                        "nature": ["commune-deleguee" for _ in merged],
                        "commune_actuelle": list(merged.values()),
                    },
                    schema_overrides={
                        "code": pl.String, "nom": pl.String, "nature": pl.String,
                        "commune_actuelle": pl.String,
                    },
                ),
            ]
        ),
    }  # fmt: skip
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    shutil.copyfile(SHIPPED / "carte_affine.json", folder / "carte_affine.json")
    description = (SHIPPED / "vintage.yaml").read_text(encoding="utf-8")
    (folder / "vintage.yaml").write_text(
        description.replace("year: 2026", f"year: {year}", 1), encoding="utf-8"
    )
    (folder / "communes.topo.json.gz").write_bytes(
        gzip.compress(json.dumps(_topology(kept)).encode(), mtime=0)
    )
    return folder


def edit_table(folder: Path, name: str, edit: Any) -> None:
    """Change a table of a vintage in place: ``edit`` takes and gives a frame."""
    path = folder / f"{name}.parquet"
    edit(pl.read_parquet(path)).write_parquet(path)


def _rows(table: str, column: str, values: Collection[str]) -> pl.DataFrame:
    return pl.read_parquet(SHIPPED / f"{table}.parquet").filter(
        pl.col(column).is_in(sorted(values))
    )


@lru_cache
def _whole_topology() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(
        gzip.decompress((SHIPPED / "communes.topo.json.gz").read_bytes())
    )
    return content


def _topology(codes: Collection[str]) -> dict[str, Any]:
    """Keep the shapes of some communes, and the arcs that they use."""
    whole = _whole_topology()
    geometries = [
        geometry
        for geometry in whole["objects"]["communes"]["geometries"]
        if geometry["id"] in codes
    ]
    arcs: list[Any] = []
    ranks: dict[int, int] = {}

    def kept(references: Any) -> Any:
        if isinstance(references, list):
            return [kept(reference) for reference in references]
        arc = references if references >= 0 else ~references
        if arc not in ranks:
            ranks[arc] = len(arcs)
            arcs.append(whole["arcs"][arc])
        return ranks[arc] if references >= 0 else ~ranks[arc]

    return {
        "type": "Topology",
        "transform": whole["transform"],
        "objects": {
            "communes": {
                "type": "GeometryCollection",
                "geometries": [
                    {**geometry, "arcs": kept(geometry["arcs"])} for geometry in geometries
                ],
            }
        },
        "arcs": arcs,
    }
