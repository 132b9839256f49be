"""`python -m services.attribution`."""

import sys

from shared.running.start import start

sys.exit(start("services.attribution.app:build", "services.attribution.settings:Settings"))
