"""Owns how tests look at a page: in a headless Chromium, as a document and as a picture."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_DARK = "--blink-settings=preferredColorScheme=0"


@dataclass(frozen=True, slots=True)
class Browser:
    """A Chromium without a window.

    Args:
        program: its path.
        folder: for its profile and its pictures.
    """

    program: str
    folder: Path

    def document(self, page: Path) -> str:
        """Load a page and return its document as it is then."""
        return self._run("--dump-dom", page.as_uri())

    def picture(self, page: Path, width: int, height: int, *, dark: bool = False) -> Image.Image:
        """Load a page and return what is seen of it."""
        file = self.folder / "page.png"
        self._run(f"--window-size={width},{height}", f"--screenshot={file}", *([_DARK] if dark else []), page.as_uri())
        return Image.open(file).convert("RGB")

    def _run(self, *flags: str) -> str:
        common = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={self.folder}"]
        done = subprocess.run([self.program, *common, *flags], capture_output=True, text=True, timeout=60, check=True)
        return done.stdout


def find_browser(folder: Path) -> Browser:
    """Find a Chromium; a machine without one skips the test and is told the remedy."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip("no Chromium: apt-get install chromium")
    return Browser(program, folder)


def pixels(image: Image.Image) -> dict[tuple[int, int, int], int]:
    """Count the pixels of each colour."""
    return {colour: count for count, colour in image.getcolors(1 << 22) or []}  # type: ignore[misc]
