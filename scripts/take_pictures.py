"""Take the pictures of docs/images from the reports of `bactrian demo`, in headless Chromium.

python scripts/take_pictures.py DEMO             takes all of them
python scripts/take_pictures.py DEMO leads       takes one

DEMO is the folder that the demo wrote. Simulated data only: a picture of the docs shows nobody's campaign.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
# Name of the picture: the page, and the height that shows its answer and its first figures.
PICTURES = {
    "screen": ("report.html", 1100),
    "leads": ("leads.html", 1310),
}
WIDTH = 1280


def take_picture(demo: Path, name: str) -> Path:
    """Take one picture.

    Args:
        demo: Folder of the demo.
        name: Which one, of `PICTURES`.

    Returns:
        Its path.
    """
    page_name, height = PICTURES[name]
    path = IMAGES / f"{name}-report.png"
    with sync_playwright() as playwright:
        # The machine's own Chromium if it has one, else the one that Playwright installed.
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = browser.new_page(viewport={"width": WIDTH, "height": height}, color_scheme="light")
        page.goto((demo / "screen" / page_name).absolute().as_uri())
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready")
        page.screenshot(path=path)
        browser.close()
    return path


def main(words: list[str]) -> int:
    """Take the pictures that are asked for; give the exit code."""
    if not words or set(words[1:]) - set(PICTURES):
        print(__doc__, file=sys.stderr)
        return 2
    for name in words[1:] or list(PICTURES):
        print(take_picture(Path(words[0]), name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
