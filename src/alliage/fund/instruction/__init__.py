"""How an application is judged: interests, reviewers, scores, combinations, the committee."""

from __future__ import annotations
