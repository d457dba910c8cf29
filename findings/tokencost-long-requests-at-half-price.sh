#!/bin/sh
# tokencost 0.1.26: Gemini 2.5 Pro costs more per token in requests of more than 200,000 tokens. Its list has both prices, and it
# counts every token at the lower one: a million tokens are told as half of what they cost. No error, no warning. A budget that
# counts on it lets twice the money through.
# Guess before looking: the price for long requests, which stands beside the other.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check tokencost==0.1.26 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - 2>/dev/null <<'PY'
from tokencost import TOKEN_COSTS, calculate_cost_by_tokens

MODEL, TOKENS = "gemini/gemini-2.5-pro", 1_000_000
prices = TOKEN_COSTS[MODEL]
told = float(calculate_cost_by_tokens(TOKENS, MODEL, "input"))
low, high = prices["input_cost_per_token"] * TOKENS, prices["input_cost_per_token_above_200k_tokens"] * TOKENS
print(f"a million tokens: ${low:.2f} by the price below 200,000, ${high:.2f} by that above; told as ${told:.2f}")
assert abs(told - low) < 1e-9 and high == 2 * low
PY
