"""`python -m cpl.dictionary` writes the page docs/data-dictionary.md to standard output."""

import sys

from cpl.dictionary import PRINCIPALS, load
from cpl.domain.dictionary_page import dictionary_page

if __name__ == "__main__":
    sys.stdout.write(dictionary_page([load(principal) for principal in PRINCIPALS]))
