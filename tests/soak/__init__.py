"""Random faults on a voice link, one after the other, while people come, go and talk.

`./dev python -m tests.soak --seeds 3 --minutes 10` runs three seeds for ten minutes each; tests/e2e/test_soak.py runs a
few short ones. The seed decides everything but the clock; a failure reports the seed and every step.
"""
