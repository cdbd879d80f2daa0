"""Writing the trail: recording, sealing, erasing."""

from __future__ import annotations

from .erasing import erase_personal, erase_personal_holding
from .recording import AlreadyDoneError, record, refuse_repeat
from .requests import NUMBER, RequestIdentity, answering, current_request
from .sealing import seal

__all__ = [
    "NUMBER",
    "AlreadyDoneError",
    "RequestIdentity",
    "answering",
    "current_request",
    "erase_personal",
    "erase_personal_holding",
    "record",
    "refuse_repeat",
    "seal",
]
