"""Messages that nobody sends: on a laptop they are written as files that a person can read."""

from __future__ import annotations

import os
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.core.mail import EmailMessage

_NUMBERS = count(1)


class ReadableFiles(BaseEmailBackend):
    """Write each message to a text file in ``EMAIL_FILE_PATH``, and say where."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.localtime():%Y%m%d-%H%M%S}-{os.getpid()}-{next(_NUMBERS):04}.txt"
            path = folder / name
            path.write_text(
                f"From: {message.from_email}\nTo: {', '.join(message.recipients())}\n"
                f"Subject: {message.subject}\n\n{message.body}\n",
                encoding="utf-8",
            )
            sys.stderr.write(f"A message was written to {path}\n")
        return len(email_messages)
