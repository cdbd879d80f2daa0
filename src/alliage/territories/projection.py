"""From longitudes and latitudes to the plane of the maps.

Mainland France and Corsica are drawn in Lambert-93; each overseas department in its own legal
projection, in a box beside them. Every projection is followed by a scale and a shift that put it in
the plane (0, 0, 1160, 945), ordinates downwards.

Sources: IGN, NTG 71 (1995) for the Lambert conformal conic projection; Karney (2011), « Transverse
Mercator with an accuracy of a few nanometers », eq. 35 and 36, for the series of Krüger.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# The ellipsoid of all the French reference frames below; it differs from that of WGS 84 by 0.1 mm.
GRS80_AXIS = 6_378_137.0
GRS80_FLATTENING = 1 / 298.257222101

OVERSEAS_ZONES: Mapping[str, str] = {
    "971": "guadeloupe",
    "972": "martinique",
    "973": "guyane",
    "974": "reunion",
    "976": "mayotte",
}
MAINLAND_ZONE = "metropole"


def zone_of(commune: str) -> str:
    """Return the zone of the plane where a commune is drawn.

    Parameters
    ----------
    commune : str
        INSEE code of a commune of mainland France, Corsica or an overseas department.

    Returns
    -------
    str
        Name of the zone, as in ``carte_affine.json``.

    Examples
    --------
    >>> zone_of("94080"), zone_of("97411")
    ('metropole', 'reunion')
    """
    return OVERSEAS_ZONES.get(commune[:3], MAINLAND_ZONE)


class Projection(Protocol):
    """A projection of the globe: degrees in, metres out."""

    def project(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]: ...


@dataclass(frozen=True)
class LambertConformalConic:
    """Lambert's conformal conic projection with two standard parallels.

    Attributes
    ----------
    origin_longitude, origin_latitude
        Where the false easting and northing are, in degrees.
    first_parallel, second_parallel
        Latitudes drawn at their true scale, in degrees.
    false_easting, false_northing
        Coordinates of the origin, in metres.

    Examples
    --------
    >>> easting, northing = LAMBERT_93.project(np.array([3.0]), np.array([46.5]))
    >>> easting.round(3).item(), northing.round(3).item()
    (700000.0, 6600000.0)
    """

    origin_longitude: float
    origin_latitude: float
    first_parallel: float
    second_parallel: float
    false_easting: float
    false_northing: float

    @cached_property
    def _cone(self) -> tuple[float, float, float]:
        """The exponent of the projection, its radius at the equator and at the origin."""
        eccentricity = _eccentricity()
        parallels = np.radians([self.first_parallel, self.second_parallel])
        radii = np.cos(parallels) / np.sqrt(1 - (eccentricity * np.sin(parallels)) ** 2)
        isometric = _isometric(parallels)
        exponent = float(math.log(radii[0] / radii[1]) / (isometric[1] - isometric[0]))
        equator = float(GRS80_AXIS * radii[0] * np.exp(exponent * isometric[0]) / exponent)
        origin = _isometric(np.radians(np.array([self.origin_latitude])))
        return exponent, equator, float(equator * np.exp(-exponent * origin[0]))

    def project(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """Return eastings and northings, in metres.

        Parameters
        ----------
        longitude : ndarray of float
            Degrees east.
        latitude : ndarray of float
            Degrees north, same shape.

        Returns
        -------
        tuple of ndarray of float
            Eastings and northings, same shape.
        """
        exponent, equator, origin = self._cone
        radius = equator * np.exp(-exponent * _isometric(np.radians(latitude)))
        angle = exponent * np.radians(longitude - self.origin_longitude)
        easting = self.false_easting + radius * np.sin(angle)
        northing = self.false_northing + origin - radius * np.cos(angle)
        return easting, northing


@dataclass(frozen=True)
class UniversalTransverseMercator:
    """A zone of the universal transverse Mercator projection.

    Attributes
    ----------
    zone
        Number of the zone, 1 to 60, six degrees wide each.
    south
        Whether the false northing of the southern hemisphere (10,000 km) is added.

    Examples
    --------
    >>> easting, northing = UniversalTransverseMercator(20).project(
    ...     np.array([-63.0]), np.array([0.0])
    ... )
    >>> easting.round(3).item(), northing.round(3).item()
    (500000.0, 0.0)
    """

    zone: int
    south: bool = False

    def project(self, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """Return eastings and northings, in metres.

        Parameters
        ----------
        longitude : ndarray of float
            Degrees east, within a few degrees of the middle of the zone.
        latitude : ndarray of float
            Degrees north, same shape.

        Returns
        -------
        tuple of ndarray of float
            Eastings and northings, same shape.
        """
        from_middle = np.radians(longitude - (6 * self.zone - 183))
        # Karney works with the tangents of the latitude and of the conformal latitude.
        conformal = np.sinh(_isometric(np.radians(latitude)))
        xi = np.arctan2(conformal, np.cos(from_middle))
        eta = np.arcsinh(np.sin(from_middle) / np.hypot(conformal, np.cos(from_middle)))
        north, east = xi.copy(), eta.copy()
        for order, alpha in enumerate(_KRUGER, start=1):
            north += alpha * np.sin(2 * order * xi) * np.cosh(2 * order * eta)
            east += alpha * np.cos(2 * order * xi) * np.sinh(2 * order * eta)
        scale = 0.9996 * _RECTIFYING_RADIUS
        return 500_000 + scale * east, (10_000_000 if self.south else 0) + scale * north


def _eccentricity() -> float:
    return math.sqrt(GRS80_FLATTENING * (2 - GRS80_FLATTENING))


def _isometric(latitude: Floats) -> Floats:
    """Give the isometric latitude of latitudes in radians."""
    eccentricity = _eccentricity()
    sine = np.sin(latitude)
    isometric: Floats = np.arctanh(sine) - eccentricity * np.arctanh(eccentricity * sine)
    return isometric


_N = GRS80_FLATTENING / (2 - GRS80_FLATTENING)
_RECTIFYING_RADIUS = GRS80_AXIS / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_KRUGER = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49_561 * _N**4 / 161_280,
)

LAMBERT_93 = LambertConformalConic(
    origin_longitude=3,
    origin_latitude=46.5,
    first_parallel=44,
    second_parallel=49,
    false_easting=700_000,
    false_northing=6_600_000,
)

# The codes are those of the EPSG register, which carte_affine.json names.
PROJECTIONS: Mapping[int, Projection] = {
    2154: LAMBERT_93,
    5490: UniversalTransverseMercator(20),
    2972: UniversalTransverseMercator(22),
    2975: UniversalTransverseMercator(40, south=True),
    4471: UniversalTransverseMercator(38, south=True),
}


@dataclass(frozen=True, slots=True)
class Plane:
    """The plane of the maps: for each zone, its projection, a scale and a shift."""

    zones: Mapping[str, tuple[Projection, tuple[float, float, float]]]

    @classmethod
    def read(cls, path: Path) -> Plane:
        """Read ``carte_affine.json``.

        Parameters
        ----------
        path : Path
            File with ``epsg`` (zone to EPSG code) and ``affine`` (zone to scale, shift of the
            abscissas, shift of the ordinates).

        Returns
        -------
        Plane
            The plane.

        Raises
        ------
        ValueError
            If the file is not of this form, or names a projection that is not known here.

        Examples
        --------
        >>> from alliage.values.datafiles import data_directory
        >>> plane = Plane.read(data_directory() / "territories" / "2026" / "carte_affine.json")
        >>> sorted(plane.zones)
        ['guadeloupe', 'guyane', 'martinique', 'mayotte', 'metropole', 'reunion']
        """
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            zones = {}
            for zone, epsg in content["epsg"].items():
                scale, shift_x, shift_y = map(float, content["affine"][zone])
                zones[zone] = (PROJECTIONS[epsg], (scale, shift_x, shift_y))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            known = ", ".join(map(str, PROJECTIONS))
            msg = (
                f"{path.name} is not the description of a plane ({error!r}). It needs « epsg » "
                f"(one of {known} per zone) and « affine » (a scale and two shifts per zone)."
            )
            raise ValueError(msg) from error
        return cls(zones)

    def place(self, zone: str, longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
        """Return the abscissas and ordinates of places in the plane.

        Parameters
        ----------
        zone : str
            Name of the zone where the places are drawn.
        longitude : ndarray of float
            Degrees east.
        latitude : ndarray of float
            Degrees north, same shape.

        Returns
        -------
        tuple of ndarray of float
            Abscissas and ordinates, the latter downwards.

        Examples
        --------
        >>> plane = Plane({"metropole": (LAMBERT_93, (0.001, 0.0, 7000.0))})
        >>> x, y = plane.place("metropole", np.array([3.0]), np.array([46.5]))
        >>> x.round(3).item(), y.round(3).item()
        (700.0, 400.0)
        """
        projection, (scale, shift_x, shift_y) = self.zones[zone]
        easting, northing = projection.project(longitude, latitude)
        return shift_x + scale * easting, shift_y - scale * northing
