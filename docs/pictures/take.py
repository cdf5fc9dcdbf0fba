"""The picture of a decision page in README, of the simulated city's finished run: make picture.

Colours are brought down to a palette, so that the file stays small.
"""

from pathlib import Path

from PIL import Image

from evalkit.errors import PrintError
from evalkit.report.browser import find_browser, made_by

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "runs" / "demo_city" / "latest" / "site" / "en" / "centrum.html"
PICTURE = Path(__file__).with_name("decision_page.png")
WIDTH, HEIGHT = 1280, 800  # CSS pixels: what a laptop shows first
N_COLOURS = 256
PNG_BEGINS = b"\x89PNG"


def main() -> None:
    """Take the picture.

    Raises
    ------
    PrintError
        If the run has no such page or the browser cannot show it.
    """
    fault = "There is no such page."
    if PAGE.exists():
        options = [f"--window-size={WIDTH},{HEIGHT}", "--hide-scrollbars", "--screenshot={target}"]
        said = made_by(find_browser(), PAGE, PICTURE, begins=PNG_BEGINS, options=options)
        fault = said and f"The browser said: {said}."
    if fault:
        raise PrintError(
            "The picture was not taken.",
            where=str(PAGE.relative_to(ROOT)),
            why=fault,
            fix="make demo, then open the page in the browser.",
        )
    with Image.open(PICTURE) as taken:
        picture = taken.convert("RGB").quantize(
            N_COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
        )
    picture.save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}  {PICTURE.stat().st_size / 1000:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    main()
