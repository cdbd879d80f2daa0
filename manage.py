"""Django's usual entry point; ``alliage-web`` is the same command, installed."""

from __future__ import annotations

from alliage_web.config.cli import main

if __name__ == "__main__":
    main()
