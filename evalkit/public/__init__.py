"""Public vintages: which vintages of a run anybody may have seen, when the next one may follow, and
whose numbers it then has.

A public vintage is public for ever. So the next one follows a quarter later at the earliest, its
numbers are new only in districts in which the data of five people or more have changed, and all
that were public are attacked together before it joins them.
"""

from evalkit.public.register import PublicVintage, public_vintages
from evalkit.public.releasing import make_public

__all__ = ["PublicVintage", "make_public", "public_vintages"]
