"""What the search may find, read from the tables of this app and of those below it.

A document is made of what a public page says: nothing that is not published is ever in one.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import asdict, dataclass
from itertools import batched, chain
from json import dumps
from typing import TYPE_CHECKING, Any

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import Coalesce

from alliage.knowledge.text import plain_text
from alliage.territories.levels import Level
from alliage_web.actors import queries as actors
from alliage_web.alliances import queries as alliances
from alliage_web.knowledge.models import DocumentKind, Entry, EntryKind, EntryState
from alliage_web.territories.queries import facts_of
from alliage_web.vocabulary.models import Scheme
from alliage_web.vocabulary.queries import by_scheme
