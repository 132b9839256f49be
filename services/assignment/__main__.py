"""`python -m services.assignment`."""

import sys

from shared.running.start import start

sys.exit(start("services.assignment.app:build", "services.assignment.settings:Settings"))
