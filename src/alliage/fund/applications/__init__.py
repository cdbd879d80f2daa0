"""What an alliance asks of a fund: forms, answers, budgets, who may apply and until when."""

from __future__ import annotations
