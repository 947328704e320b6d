#!/bin/sh
# The receiver only looks at what was pushed and tells a workflow on GitHub (see ../hub-push.yml).
# In the environment: HUBCHECK_WEBHOOK_SECRET, and HUBCHECK_GITHUB_TOKEN of a fine-grained token with
# Contents: write on that one repository.
set -eu
exec hubcheck serve --allow 'acme/*' --dispatch acme/checks --state /var/lib/hubcheck
