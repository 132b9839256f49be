"""`python -m services.ticketing`."""

import sys

from services.ticketing.app import build
from services.ticketing.settings import Settings

sys.exit(build(Settings()).run())
