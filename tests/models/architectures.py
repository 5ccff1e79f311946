"""A small model of random weights of every architecture that transformers maps to causal language models.

``python -m tests.models.architectures`` walks through all of them and writes docs/models.md (``make
test-architectures``).
"""

from __future__ import annotations

import signal
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

from tests.models.tiny_models import byte_level, write_tokenizer
from workbench.domain import ModelRef
from workbench.errors import ModelError
from workbench.models import Decoding, ScoredSequence, load
from workbench.models.architectures import causal_language_models

DOCUMENT = Path(__file__).parents[2] / "docs" / "models.md"
_LARGEST = 8_000_000                 # weights
_SECONDS = 120
_SIZES: dict[str, Any] = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "emb_dim", "embedding_size", "attention_hidden_size",
                     "mamba_d_ssm"), 32),
    **dict.fromkeys(("intermediate_size", "ffn_dim", "n_inner", "d_ff", "decoder_ffn_dim", "encoder_ffn_dim",
                     "ffn_hidden_size"), 48),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers"), 4),
    **dict.fromkeys(("decoder_layers", "num_decoder_layers"), 3),
    **dict.fromkeys(("encoder_layers", "num_encoder_layers", "n_shared_experts", "n_group", "topk_group",
                     "mamba_n_groups"), 1),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads", "decoder_attention_heads",
                     "encoder_attention_heads", "num_experts", "n_routed_experts", "num_local_experts", "rotary_dim",
                     "mamba_n_heads"), 4),
    **dict.fromkeys(("num_key_value_heads", "num_experts_per_tok", "moe_topk", "linear_num_key_heads",
                     "linear_num_value_heads", "mamba_expand"), 2),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"), 512),
    **dict.fromkeys(("head_dim", "qk_rope_head_dim", "qk_nope_head_dim", "v_head_dim", "linear_key_head_dim",
                     "linear_value_head_dim", "mamba_d_state", "state_size", "hidden_size_per_layer_input"), 8),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size", "expert_ffn_hidden_size"), 24),
    **dict.fromkeys(("q_lora_rank", "kv_lora_rank", "mamba_d_head"), 16),
    **dict.fromkeys(("initializer_range", "init_std"), 0.3),
    "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "is_decoder": True,
}  # fmt: skip
_MLA = {"num_key_value_heads": 4}
_MORE: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("axk1", "axk2", "deepseek_v2", "deepseek_v3", "deepseek_v32", "glm4_moe_lite", "glm_moe_dsa",
                     "longcat_flash", "minicpm3", "sarvam_mla", "youtu", "dots3_note_text"), _MLA),
    "bamba": {"attn_layer_indices": [1, 3]},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"] * 2},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2, "mamba_dt_rank": 4},
    "gpt_neo": {"attention_types": [[["global", "local"], 2]]},
    "mamba2": {"num_heads": 8, "expand": 2},
    "zaya": {"num_experts_per_tok": 1},
    "gemma4_text": {"vocab_size_per_layer_input": 400},
    "gemma3n_text": {"vocab_size_per_layer_input": 400, "num_kv_shared_layers": 0},
    "roc_bert": {"pronunciation_vocab_size": 20, "shape_vocab_size": 20},
    **{name: {"layer_types": ["conv", "full_attention"] * 2} for name in ("lfm2", "lfm2_moe")},
    "reformer": {"attention_head_size": 8, "axial_pos_shape": [16, 32], "axial_pos_embds_dim": [16, 16],
                 "feed_forward_size": 48, "attn_layers": ["local", "local"]},
}  # fmt: skip


_WORDS = """\
# Models

Folders with safetensors are loaded, without code from elsewhere, of every architecture that the installed transformers
maps to causal language models: PLACE in VERSION. `make test-architectures` makes a small model of random weights of
each, loads it, and compares scores with the plain forward pass and greedy answers with `generate`; this table is what
it found. LOAD load (CASCADE with cascade attention, CACHED with batches over their cache, WHOLE with whole texts),
REFUSED are refused. Answers differ where transformers' own cache gives other numbers than its forward pass. Of the
other REST nothing was learned, mostly as no small model of them could be made here: they are tried when they are
loaded, like all others, and take the way that agrees with the plain model.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one architecture. ``difference`` is the largest to the plain forward, nats a token."""

    kind: str
    outcome: str
    way: str = ""
    because: str = ""
    difference: float | None = None
    answers: str = ""

    @property
    def right(self) -> bool:
        return self.outcome == "loads" and (self.difference or 0.0) < 1e-3 and self.answers == "equal"


class _Untried(Exception):
    """No small model of this architecture can be made here."""


def small(kind: str, vocabulary: int) -> Any:
    """A model of ``kind`` with random weights. Raises _Untried."""
    try:
        config = _small_config(CONFIG_MAPPING[kind], _MORE.get(kind) or {}, vocabulary)
        network = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
        with torch.device("meta"):
            weights = sum(parameter.numel() for parameter in network(config).parameters())
        if weights > _LARGEST:
            raise _Untried(f"its smallest model here has {weights:,} weights")
        torch.manual_seed(0)
        return network(config).eval()
    except ImportError as error:
        raise _Untried(f"needs another package: {str(error).strip().splitlines()[0][:80]}") from error
    except _Untried:
        raise
    except Exception as error:
        raise _Untried("no small configuration of it was found") from error


def _small_config(kind: type[Any], more: dict[str, Any], vocabulary: int) -> Any:
    known = kind().to_dict()
    sizes = {name: value for name, value in {**_SIZES, "vocab_size": vocabulary}.items() if name in known}
    for name, part in kind.sub_configs.items():
        if isinstance(part, type) and issubclass(part, transformers.PretrainedConfig):
            sizes[name] = _small_config(part, {}, vocabulary).to_dict()
    return kind(**{**sizes, **more})


def walk(kind: str) -> Row:
    """Save it, load it, score and answer with it, and compare with the plain model."""
    tokenizer = byte_level()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "m"
        try:
            model = small(kind, tokenizer.get_vocab_size())
            model.generation_config.eos_token_id = 1
            model.save_pretrained(folder)
            write_tokenizer(folder, tokenizer)
            _plain(model, [ScoredSequence((2, 3, 4, 5), 2, 4)])
        except _Untried as error:
            return Row(kind, f"untried: {error}")
        except Exception as error:
            return Row(kind, f"untried: plain forward fails ({type(error).__name__})")
        try:
            loaded = load(ModelRef(kind, str(folder), device="cpu", dtype="float32"), ignore_memory=True)
        except ModelError as error:
            both = "both directions" in str(error)
            return Row(kind, "refused: reads in both directions" if both else f"refused: {str(error)[:160]}")
        work = _sequences(tokenizer.get_vocab_size())
        found = np.concatenate(loaded.logprobs(work))
        difference = float(np.abs(found - np.concatenate(_plain(model, work))).max())
        return Row(kind, "loads", loaded.facts["attention"], loaded.facts.get("attention because", ""), difference,
                   _answers(loaded, model))


def _sequences(vocabulary: int) -> list[ScoredSequence]:
    """Two levels of shared starts, and a text of its own."""
    rng = np.random.default_rng(1)

    def ids(count: int) -> tuple[int, ...]:
        return tuple(rng.integers(2, vocabulary, count).tolist())

    start, found = ids(70), []
    for _ in range(2):
        prompt = start + ids(66)
        found += [ScoredSequence(prompt + own, len(prompt), len(prompt + own)) for own in (ids(5), ids(9), ids(2))]
    return [*found, ScoredSequence(ids(30), 10, 30)]


def _plain(model: Any, sequences: list[ScoredSequence]) -> list[np.ndarray]:
    found = []
    for sequence in sequences:
        with torch.inference_mode():
            logits = model(input_ids=torch.tensor([sequence.ids])).logits[0].log_softmax(-1)
        rows = np.arange(sequence.start, sequence.end)
        found.append(logits[rows - 1, [sequence.ids[row] for row in rows]].numpy())
    return found


def _answers(loaded: Any, model: Any) -> str:
    """Whether greedy answers equal ``generate``'s."""
    prompts = ["The quick brown fox", "The quick dog"]
    ours = loaded.generate(prompts, Decoding(max_tokens=8, temperature=0.0), lambda index, text: None)
    for prompt, answer in zip(prompts, ours, strict=True):
        ids = torch.tensor([loaded.tokenizer.encode(prompt).ids])
        try:
            with torch.inference_mode():
                drawn = model.generate(ids, max_new_tokens=8, do_sample=False, pad_token_id=1)[0, ids.shape[1] :]
        except Exception as error:
            return f"generate fails ({type(error).__name__})"
        if loaded.tokenizer.decode([token for token in drawn.tolist() if token != 1]) != answer:
            return "differ"
    return "equal"


def document(rows: list[Row]) -> str:
    """docs/models.md."""
    loads = [row for row in rows if row.outcome == "loads"]
    ways = {way: sum(row.way == way for row in loads) for way in ("cascade", "cached", "whole")}
    refused = sum(row.outcome.startswith("refused") for row in rows)
    counts = {"PLACE": len(rows), "LOAD": len(loads), "REFUSED": refused, "REST": len(rows) - len(loads) - refused,
              **{way.upper(): count for way, count in ways.items()}, "VERSION": transformers.__version__}
    words = _WORDS
    for name, count in counts.items():
        words = words.replace(name, str(count))
    lines = [
        *words.splitlines(), "",
        "| model_type | outcome | way | why not a quicker one | largest difference, nats a token | answers |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        difference = "" if row.difference is None else f"{row.difference:.0e}"
        lines.append(f"| {row.kind} | {row.outcome} | {row.way} | {row.because} | {difference} | {row.answers} |")
    return "\n".join(lines) + "\n"


def main(kinds: list[str]) -> int:
    """Walk through ``kinds``, or all; 1 where one that loads is not right."""
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(1)
    rows = []
    for kind in kinds or sorted(causal_language_models()):
        signal.alarm(_SECONDS)
        try:
            row = walk(kind)
        except Exception as error:
            row = Row(kind, f"fails: {type(error).__name__}: {str(error)[:100]}")
        signal.alarm(0)
        rows.append(row)
        print(row, flush=True)
    if not kinds:
        DOCUMENT.write_text(document(rows), "utf-8")
    return int(any(row.outcome.startswith("fails") or (row.outcome == "loads" and not row.right) for row in rows))


def _too_long(number: int, frame: Any) -> None:
    raise TimeoutError(f"longer than {_SECONDS} seconds")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _too_long)
    sys.exit(main(sys.argv[1:]))
