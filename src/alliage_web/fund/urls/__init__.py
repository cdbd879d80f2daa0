"""The addresses of the funds; those with fixed words come before those with free ones."""

from __future__ import annotations

from . import (
    agreements,
    applications,
    budget,
    cockpit,
    follow_up,
    instruction,
    reports,
    supports,
)

app_name = "fund"

urlpatterns = [
    *applications.patterns,
    *instruction.patterns,
    *reports.patterns,
    *follow_up.patterns,
    *cockpit.patterns,
    *supports.patterns,
    *agreements.patterns,
    *budget.patterns,
]
