"""The command line; see the package."""

import argparse
import asyncio
import random
import sys

from tests.soak.run import SoakFailure, soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Random faults on a voice link.")
    parser.add_argument("--seeds", type=int, default=1, help="runs, one after the other")
    parser.add_argument("--minutes", type=float, default=1.0, help="of each run")
    parser.add_argument("--steps", type=int, default=None, help="faults of each run, in place of minutes")
    parser.add_argument("--first", type=int, default=None, help="the first seed; random if not given")
    arguments = parser.parse_args()
    first = random.randrange(1 << 20) if arguments.first is None else arguments.first
    failed = 0
    for seed in range(first, first + arguments.seeds):
        print(f"seed {seed} …", flush=True)
        try:
            print(asyncio.run(soak(seed, steps=arguments.steps, seconds=60 * arguments.minutes)), flush=True)
        except SoakFailure as failure:
            failed += 1
            print(f"FAILED: {failure}", flush=True)
    print(f"{arguments.seeds - failed} of {arguments.seeds} seeds held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
