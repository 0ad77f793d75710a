"""`python -m tickertape VERB`: the same as `tickertape VERB`."""

import sys

from tickertape import main

if __name__ == "__main__":
    sys.exit(main())
