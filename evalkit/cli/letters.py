"""The letters of `evalkit check`: written to the senders, and taken back from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from evalkit.intake import Admission
    from evalkit.params import Run


@dataclass(frozen=True)
class Letters:
    """An extract with what belongs to it, and the folder of its letters; None: none are written."""

    extract: Path | str
    contracts: Path
    mapping: Path | None
    folder: Path | None
    language: str

    def take_back(self, paths: Sequence[Path]) -> None:
        """Lay letters that came back beside the files that they mend, and say where."""
        from evalkit.intake import load_contracts
        from evalkit.intake.admission.returned import take_back

        for path in paths:
            target = take_back(
                path, self.extract, load_contracts(self.contracts), mapping=self.mapping
            )
            typer.echo(f"returned    {path} lies now as {target}")

    def n_listed(self, n_asked: int) -> int:
        """How many rejected rows an admission must list for each rule."""
        if self.folder is None:
            return n_asked
        from evalkit.intake.letters.write import LISTED_FOR_LETTERS

        return max(n_asked, LISTED_FOR_LETTERS)

    def write(self, admission: "Admission") -> None:
        """Write the letters, if they are asked for, and say where."""
        if self.folder is None:
            return
        from evalkit.intake.letters.write import write_letters
        from evalkit.words import words

        paths = write_letters(
            admission,
            self.extract,
            self.contracts,
            self.folder,
            mapping=self.mapping,
            words=words(self.language),
        )
        for path in paths:
            typer.echo(f"letter      {path}")
        if not paths:
            typer.echo("letter      none: nothing is to be mended")

    def write_of_run(self, run: "Run") -> None:
        """Write the letters about a run's extract, however many of its rows are set aside."""
        if self.folder is None:
            return
        from evalkit.intake import admit_run
        from evalkit.intake.letters.write import LISTED_FOR_LETTERS

        admission = admit_run(
            run,
            extract=self.extract,
            mapping=self.mapping,
            max_rejected_share=1,
            max_listed_per_rule=LISTED_FOR_LETTERS,
        )
        self.write(admission)


def letters_of_run(
    run: "Run",
    extract: str | None,
    mapping: Path | None,
    folder: Path | None,
    language: str,
) -> Letters:
    """The letters about the extract of a run, or about another one held against it."""
    own = run.params.extract.mapping
    return Letters(
        extract or run.extract_place,
        run.path(run.params.contracts),
        mapping or (run.path(own) if own else None),
        folder,
        language,
    )
