"""A site of one address, which prints a document: run it to serve it from a process with threads.

python -m tests.factories.printing_site PORT
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import path

if TYPE_CHECKING:
    from django.http import HttpRequest


def _printed() -> bytes:
    from alliage_web.ui.printing import print_pdf

    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "typst" / "page.typ"
        template.parent.mkdir()
        template.write_text('#set document(title: "Page")\n#set text(lang: "fr")\nImprimé')
        return print_pdf(template)


def printed(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(_printed(), content_type="application/pdf")


urlpatterns = [path("imprime.pdf", printed)]


if __name__ == "__main__":
    from django import setup

    from alliage_web.site.management.commands.start_demo import become_server

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.factories.printing_settings"
    setup()
    _printed()
    become_server("127.0.0.1", int(sys.argv[1]))
