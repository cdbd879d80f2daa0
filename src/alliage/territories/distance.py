"""Distances between places of the globe."""

from __future__ import annotations

import math

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth, (2a + b)/3 on the GRS80 ellipsoid (Moritz, 2000)."""


def great_circle_km(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> float:
    """Return the length of the shortest way between two places on a sphere.

    Parameters
    ----------
    latitude : float
        Latitude of the first place, in degrees north.
    longitude : float
        Longitude of the first place, in degrees east.
    other_latitude : float
        Latitude of the second place, in degrees north.
    other_longitude : float
        Longitude of the second place, in degrees east.

    Returns
    -------
    float
        Distance in kilometres, as the crow flies. The sphere is at most 0.6 % off the ellipsoid.

    Raises
    ------
    ValueError
        If a latitude is not between -90 and 90 degrees.

    Notes
    -----
    Source: the haversine formula, Sinnott (1984), which stays exact for near places.

    Examples
    --------
    From Paris to Lyon:

    >>> round(great_circle_km(48.85659, 2.34292, 45.75801, 4.83500))
    392
    """
    for value in (latitude, other_latitude):
        if not -90 <= value <= 90:
            msg = f"A latitude of {value} degrees does not exist. Give -90 to 90, north positive."
            raise ValueError(msg)
    phi, other_phi = math.radians(latitude), math.radians(other_latitude)
    half_phi = (other_phi - phi) / 2
    half_lambda = math.radians(other_longitude - longitude) / 2
    haversine = (
        math.sin(half_phi) ** 2 + math.cos(phi) * math.cos(other_phi) * math.sin(half_lambda) ** 2
    )
    # Rounding may leave a hair above one for places that face each other.
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(haversine, 1.0)))
