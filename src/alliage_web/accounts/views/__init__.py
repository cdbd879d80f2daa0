"""The pages of the account, and of the workspaces."""

from __future__ import annotations
