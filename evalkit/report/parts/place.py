"""Where pages lie in a language's folder of the site, and how they link to each other."""

from dataclasses import dataclass

from evalkit.tables import CITY

# The city's decision page is what the folder opens on.
FIRST = "index"
# The folders beside the decision pages.
EVIDENCE, INTERVENTIONS, PEOPLE, ABOUT = "evidence", "interventions", "people", "about"
METHOD, PROGRAMME = "method", "programme"


@dataclass(frozen=True)
class Place:
    """A page's folder within its language (empty: the language's own) and its name: the slug of a
    district, an intervention, or "all".
    """

    folder: str
    name: str

    @property
    def path(self) -> str:
        """Its path from the language's folder."""
        if self.folder:
            return f"{self.folder}/{self.name}.html"
        return f"{FIRST if self.name == CITY else self.name}.html"

    def link(self, other: "Place") -> str:
        """The address of another page in the same language, from this one."""
        return ("../" if self.folder else "") + other.path

    def in_language(self, language: str) -> str:
        """The address of the same page in another language, from this one."""
        return self.link(self).replace(self.path, f"../{language}/{self.path}")


@dataclass(frozen=True)
class Link:
    """A link of a page's header; `language` where it leads to another one."""

    text: str
    href: str
    is_here: bool = False
    language: str = ""
