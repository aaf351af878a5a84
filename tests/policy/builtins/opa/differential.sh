#!/bin/sh
# Compares the built-ins with the real OPA over freshly drawn calls: differential.sh TEST_BINARY [SEED [COUNT]].
# Needs go. The seed is printed; the same seed draws the same calls.
set -eu
cd "$(dirname "$0")"
seed=${2:-$(date +%s)}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "seed $seed"
python3 generate.py "$seed" "${3:-20}" | go run . >"$folder/fresh.jsonl"
SIGNALBOX_BUILTIN_GOLDENS="$folder" "$1" "[golden]"
