"""Reading a model's weights with transformers: safetensors only, classes by name, quantised where asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from workbench.domain import ModelFacts, ModelRef
from workbench.errors import ModelError
from workbench.models import memory, quantised
from workbench.models.files import read_json, shortened

# Some architectures would otherwise fetch compiled kernels from the Hub and run them, where the package "kernels" is
# installed. Read when transformers is imported, which is after this.
os.environ["USE_HUB_KERNELS"] = "NO"


def from_folder(path: Path, device: torch.device, dtype: str) -> Any:
    """The classes are looked up by ``model_type`` in transformers' own tables, so that nothing in the folder can name
    code. ``dtype`` "int8" and "nf4" quantise while loading. Raises ModelError, also where the files' tensors are not
    those that the configuration asks for: transformers would draw what is missing at random."""
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    content = read_json(path / "config.json")
    try:
        config = CONFIG_MAPPING[content["model_type"]].from_pretrained(str(path), local_files_only=True)
        model_class = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"transformers does not take the config.json in {path}: {error}.",
                         remedy="Download the model again, or update transformers.") from error
    on_loading = dtype in quantised.ON_LOADING
    more: dict[str, Any] = {"dtype": torch.bfloat16 if on_loading else getattr(torch, dtype)}
    if on_loading:
        more |= {"quantization_config": _bitsandbytes(dtype)}
    placed = on_loading or bool(quantised.method_of(content))
    if placed:                       # quantised weights cannot be moved afterwards
        more |= {"device_map": {"": device}}
    try:
        model, loading = model_class.from_pretrained(
            str(path), config=config, use_safetensors=True, local_files_only=True, trust_remote_code=False,
            attn_implementation=plain_attention(model_class), output_loading_info=True, ignore_mismatched_sizes=True,
            **more,
        )  # fmt: skip
        _check_tensors(model, loading, path)
        return model.eval() if placed else model.to(device).eval()
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        if memory.ran_out(error):
            raise ModelError(
                f"The memory of {device} was not enough to load the model in {path}.", safe="Nothing was loaded.",
                remedy="Close other programs, or choose a smaller dtype or model.",
            ) from error  # fmt: skip
        raise ModelError(
            f"The model in {path} cannot be loaded: {error}.", remedy="Check or download its files again."
        ) from error


def _check_tensors(model: Any, loading: Mapping[str, Any], path: Path) -> None:
    """Raises ModelError where tensors are missing, of another shape, or left over within the network.

    Heads that are tied and heads for other tasks are right: transformers takes the former from what they are tied to,
    and the latter (of values, of classes, for the next but one token) stand beside the network and not within it.
    """
    within = tuple(name for name in loading["unexpected_keys"] if _is_within(name, model))
    wrong = [f"{name} is {tuple(there)}, not {tuple(wanted)}" for name, there, wanted in loading["mismatched_keys"]]
    kinds = [("missing", loading["missing_keys"]), ("left over", within), ("of another shape", wrong)]
    if not any(names for _, names in kinds):
        return
    told = "; ".join(f"{len(names)} {kind} ({shortened(names)})" for kind, names in kinds if names)
    raise ModelError(
        f"The weights in {path} do not fit its config.json: {told}.",
        safe="Nothing was loaded: what is missing would have been drawn at random.",
        remedy="Download the model again, or use the config.json that belongs to these weights.",
    )


def _is_within(name: str, model: Any) -> bool:
    """Whether a tensor that the network has no place for changes what the network was when it was trained."""
    if getattr(model, "is_quantized", False):
        return False                 # quantised weights come with scales and groups under names of their own
    config = model.config.get_text_config()
    layer = re.search(r"\.layers\.(\d+)\.", name)
    layers = getattr(config, "num_hidden_layers", None)
    if layer and layers and 0 <= int(layer[1]) - layers < (getattr(config, "num_nextn_predict_layers", None) or 0):
        return False                 # predicts the next but one token
    prefix = model.base_model_prefix
    return bool(prefix) and name.startswith(f"{prefix}.")


def check_quantised(ref: ModelRef, facts: ModelFacts) -> None:
    """Raises ModelError where the packages for quantised weights are missing, or what is asked for makes no sense."""
    on_loading = ref.dtype in quantised.ON_LOADING
    if on_loading and facts.quantisation:
        raise ModelError(f"The weights of “{ref.name}” are quantised already ({facts.quantisation}).",
                         remedy="Set its type to auto.")
    method = "bitsandbytes" if on_loading else facts.quantisation
    reason = quantised.missing(method) if method else ""
    if reason:
        raise ModelError(f"“{ref.name}” cannot be loaded. {reason}", safe="Nothing was loaded.")


def tokenizer_folder(ref: ModelRef) -> Path:
    """An adapter's own tokenizer where it has one, else its base's."""
    own = Path(ref.path)
    return Path(ref.base) if ref.base and not (own / "tokenizer.json").is_file() else own


def plain_attention(model_class: Any) -> str:
    """Torch's fused attention where the architecture supports it (Gemma 2's soft caps and GPT-OSS's sinks do not)."""
    return "sdpa" if getattr(model_class, "_supports_sdpa", False) else "eager"


def _bitsandbytes(dtype: str) -> Any:
    """Dettmers et al., arXiv 2208.07339 (int8) and 2305.14314 (NF4)."""
    from transformers import BitsAndBytesConfig

    if dtype == "int8":
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16)
