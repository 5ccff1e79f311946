"""Reading a model's weights with transformers: safetensors only, classes by name, quantised where asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from workbench.domain import ModelFacts, ModelRef
from workbench.errors import ModelError
from workbench.models import memory, quantised
from workbench.models.files import read_json


def from_folder(path: Path, device: torch.device, dtype: str) -> Any:
    """The classes are looked up by ``model_type`` in transformers' own tables, so that nothing in the folder can name
    code. ``dtype`` "int8" and "nf4" quantise while loading. Raises ModelError."""
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    content = read_json(path / "config.json")
    config = CONFIG_MAPPING[content["model_type"]].from_dict(content)
    model_class = MODEL_FOR_CAUSAL_LM_MAPPING[type(config)]
    on_loading = dtype in quantised.ON_LOADING
    more: dict[str, Any] = {"dtype": torch.bfloat16 if on_loading else getattr(torch, dtype)}
    if on_loading:
        more |= {"quantization_config": _bitsandbytes(dtype)}
    placed = on_loading or bool(quantised.method_of(content))
    if placed:                       # quantised weights cannot be moved afterwards
        more |= {"device_map": {"": device}}
    try:
        model = model_class.from_pretrained(
            str(path), config=config, use_safetensors=True, local_files_only=True, trust_remote_code=False,
            attn_implementation=plain_attention(model_class), **more,
        )  # fmt: skip
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
