"""The money of a fund: endowment, ledger, instalments, payment orders, repayable advances."""

from __future__ import annotations
