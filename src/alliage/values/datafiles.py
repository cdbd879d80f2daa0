"""Where the data that ships with Alliage lies."""

from __future__ import annotations

from pathlib import Path


def data_directory() -> Path:
    """Return the folder of the shipped data: that of the sources, else that of the installation.

    Raises
    ------
    FileNotFoundError
        If neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for candidate in (package.parent.parent / "data", package / "_data"):
        if (candidate / "reference").is_dir():
            return candidate
    msg = (
        f"The shipped data were found neither in {package.parent.parent / 'data'} nor in "
        f"{package / '_data'}. Install Alliage again, or run it from its sources."
    )
    raise FileNotFoundError(msg)
