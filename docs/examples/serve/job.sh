#!/bin/sh
# Every push to a model of acme starts a Job of the Hub's. No server; the Job costs while it runs.
# HUBCHECK_WRITE_TOKEN is in the environment: it creates the webhook, and the Job gets it by name.
set -eu
hubcheck webhook create acme \
  --job-image acme/hubcheck:1.0.0 \
  --flavor cpu-basic --job-seconds 1800 --time-limit 1200 \
  --secret-name HUBCHECK_WRITE_TOKEN \
  --publish discussion,model-card --create-pr
