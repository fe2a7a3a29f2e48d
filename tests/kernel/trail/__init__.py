import os

#: How many examples a property test tries; more in the nightly run.
EXAMPLES = int(os.environ.get("GANGZE_EXAMPLES", "60"))
