"""llama.cpp's C interface as far as it is needed: a loaded file, its vocabulary, and passes over named sequences."""

from __future__ import annotations

import ctypes
from pathlib import Path

import llama_cpp
import numpy as np
import numpy.typing as npt

from workbench.errors import ModelError

_F32, _F16 = 0, 1                # ggml types, for the key-value cache
GROUP = 8                        # tokens
_NO_SLOT = 1                     # llama_decode: the cache has no room for the batch
_NO_DEVICES = (ctypes.c_void_p * 1)(None)        # a list that ends at once; without one llama.cpp takes all there are


# llama.cpp writes pages to stderr; what goes wrong is told by its return codes. Kept here, as C keeps only a pointer.
_silent = llama_cpp.llama_log_callback(lambda level, text, data: None)


def begin() -> None:
    """Make llama.cpp ready, and silent."""
    llama_cpp.llama_log_set(_silent, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()


class NativeModel:
    """A GGUF file: its vocabulary and, unless ``vocabulary_only``, its weights."""

    def __init__(
        self, path: Path, *, vocabulary_only: bool = False, gpu_layers: int = 0, gpu: int | None = None
    ) -> None:
        """``gpu_layers`` go to graphics cards, -1 for all, to the one with the number ``gpu`` or shared out among all;
        with none the cards are not touched. Raises ModelError where llama.cpp refuses the file.
        """
        begin()
        settings = llama_cpp.llama_model_default_params()
        settings.vocab_only = vocabulary_only
        settings.check_tensors = not vocabulary_only
        settings.n_gpu_layers = gpu_layers
        if gpu is not None:
            settings.split_mode, settings.main_gpu = llama_cpp.LLAMA_SPLIT_MODE_NONE, gpu
        if not gpu_layers:
            settings.devices = ctypes.cast(_NO_DEVICES, ctypes.c_void_p)
        self.gpu_layers, self.gpu = gpu_layers, gpu
        self.handle = llama_cpp.llama_model_load_from_file(str(path).encode(), settings)
        if not self.handle:
            raise ModelError(f"llama.cpp cannot load {path.name}.", remedy="Download the file again, or another one.")
        vocabulary = llama_cpp.llama_model_get_vocab(self.handle)
        assert vocabulary is not None
        self.vocabulary = vocabulary
        self.vocabulary_size = int(llama_cpp.llama_vocab_n_tokens(self.vocabulary))

    @property
    def forgets(self) -> bool:
        """Whether the last tokens of a sequence can be taken away again: not from a running state."""
        return not (llama_cpp.llama_model_is_recurrent(self.handle) or llama_cpp.llama_model_is_hybrid(self.handle))

    def tokenize(self, text: bytes, *, special: bool) -> list[int]:
        """``special`` adds BOS where the file says so; added tokens within the text are always recognised."""
        room = len(text) + 8
        for _ in range(2):
            found = (llama_cpp.llama_token * room)()
            count = llama_cpp.llama_tokenize(self.vocabulary, text, len(text), found, room, special, True)
            if count >= 0:
                return list(found[:count])
            room = -count
        raise RuntimeError("llama.cpp asked for more room twice")

    def piece(self, token: int) -> bytes:
        """A token's bytes; special tokens by their name."""
        room = 64
        for _ in range(2):
            buffer = ctypes.create_string_buffer(room)
            count = llama_cpp.llama_token_to_piece(self.vocabulary, token, buffer, room, 0, True)
            if count >= 0:
                return buffer.raw[:count]
            room = -count
        raise RuntimeError("llama.cpp asked for more room twice")

    def chat_template(self) -> str:
        found = llama_cpp.llama_model_chat_template(self.handle, None)
        return found.decode("utf-8", "replace") if found else ""

    def close(self) -> None:
        if self.handle:
            llama_cpp.llama_model_free(self.handle)
            self.handle = None


class NativeContext:
    """A key-value cache of ``cells`` tokens for up to ``sequences`` sequences.

    ``shared``: they lie in the same cells. A copy of a sequence is then a mark on its cells, so that a shared beginning
    is stored and computed once, and forking it costs nothing. Otherwise each has an equal part of the cells to itself,
    and copying one copies its part.

    With weights in few bits a product's smallest difference is rounded up to a whole step of the activations, and
    comes out as tenths of a nat. What the kernels on a processor compute depends on how many tokens they get: one,
    fewer than eight, or what is left over after groups of four. So a pass gets a multiple of ``GROUP`` tokens, and as
    many rows for its head. On a processor flash attention is left out: its sums depend on what the other cells hold.
    """

    def __init__(
        self, model: NativeModel, *, cells: int, batch: int, sequences: int, exact: bool, threads: int,
        shared: bool = True, rows: int = 0,
    ) -> None:
        """``exact`` keeps keys and values in float32. ``rows`` is the most rows of logits a pass, all by default.
        Raises ModelError where the memory is not enough."""
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx, settings.n_batch, settings.n_ubatch = cells, batch, min(batch, 512)
        settings.n_seq_max = sequences
        settings.kv_unified = shared
        settings.swa_full = True     # what a window leaves behind keeps its cell, so that cells follow the tokens
        settings.type_k = settings.type_v = _F32 if exact else _F16
        settings.flash_attn_type = -1 if model.gpu_layers and not exact else 0
        settings.n_threads = settings.n_threads_batch = threads
        settings.offload_kqv = settings.op_offload = model.gpu_layers != 0
        settings.no_perf = True
        if hasattr(settings, "n_outputs_max"):
            settings.n_outputs_max = rows
        self.model = model
        self._handle = llama_cpp.llama_init_from_model(model.handle, settings)
        if not self._handle:
            raise ModelError(
                f"llama.cpp cannot make a context of {cells:,} tokens.", safe="Nothing was computed.",
                remedy="Close other programs, or use a smaller model.",
            )  # fmt: skip
        self._memory = llama_cpp.llama_get_memory(self._handle)
        self._batch = llama_cpp.llama_batch_init(batch, 0, 1)
        self._size = batch

    def decode(
        self, tokens: npt.NDArray[np.int32], positions: npt.NDArray[np.int32], sequences: npt.NDArray[np.int32],
        wanted: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.float32]:
        """One pass; all arguments are (tokens). Gives logits (wanted tokens, vocabulary), valid until the next pass.

        Raises MemoryError when the cache has no room for the tokens.
        """
        count = len(tokens)
        if count > self._size:
            raise ValueError(f"{count} tokens in a batch of {self._size}")
        told = wanted | _more(wanted)
        batch = self._batch
        batch.n_tokens = count
        for place in range(count):
            batch.token[place] = int(tokens[place])
            batch.pos[place] = int(positions[place])
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = int(sequences[place])
            batch.logits[place] = bool(told[place])
        code = llama_cpp.llama_decode(self._handle, batch)
        if code == _NO_SLOT:
            raise MemoryError("the key-value cache has no room")
        if code != 0:
            raise RuntimeError(f"llama_decode failed with code {code}")
        rows = int(told.sum())
        if not rows:
            return np.empty((0, self.model.vocabulary_size), np.float32)
        logits = llama_cpp.llama_get_logits(self._handle)
        found = np.ctypeslib.as_array(logits, shape=(rows, self.model.vocabulary_size))
        return found if rows == int(wanted.sum()) else found[wanted[told]]

    def append(
        self, sequence: int, tokens: npt.NDArray[np.int32], start: int, wanted: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.float32]:
        """Put ``tokens`` at the end of a sequence that has ``start``: logits (wanted tokens, vocabulary). What fills
        them up to a whole group stands behind them, where they do not see it, and is taken away again."""
        count = len(tokens)
        filled = -(-count // GROUP) * GROUP if self.model.forgets else count
        ids = np.zeros(filled, np.int32)
        ids[:count] = tokens
        found = self.decode(ids, start + np.arange(filled, dtype=np.int32), np.full(filled, sequence, np.int32),
                            np.concatenate([wanted, np.zeros(filled - count, bool)]))
        if filled > count:
            self.cut(sequence, start + count)
        return found

    def cut(self, sequence: int, length: int) -> None:
        """Keep the first ``length`` tokens."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def copy(self, source: int, target: int, end: int = -1) -> None:
        """The first ``end`` tokens of ``source`` (all by default) are ``target``'s too."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, -1, end)

    def drop(self, sequence: int) -> None:
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def close(self) -> None:
        if self._handle:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._handle)
            self._handle = None


def _more(wanted: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Rows of logits that fill the wanted ones up to whole groups; none where none is wanted."""
    free = np.flatnonzero(~wanted)
    more = np.zeros(len(wanted), bool)
    more[free[: -int(wanted.sum()) % GROUP]] = True
    return more
