"""`python -m services.autoclose`."""

import sys

from shared.running.start import start

sys.exit(start("services.autoclose.app:build", "services.autoclose.settings:Settings"))
