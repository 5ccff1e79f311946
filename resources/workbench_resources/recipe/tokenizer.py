"""The tiny models' tokenizer: byte-level BPE learned on the mini-world, so that any text encodes.

The fixed pieces of URIAL's layout are added tokens, so that the frame of one example costs four tokens.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from workbench_resources.recipe import words
from workbench_resources.recipe.episodes import episode, instruction

PAD, BOS, EOS = "<|pad|>", "<|begin|>", "<|end|>"
QUERY = "# Query:\n```\n"
NEXT_QUERY = "\n\n# Query:\n```\n"
FENCE = "\n```"
ANSWER = "\n\n# Answer:\n```\n"
FRAME = (QUERY, NEXT_QUERY, FENCE, ANSWER)
VOCABULARY = 1400
CONTEXT = 2048
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}# Instruction\n\n{{ message['content'] }}\n\n"
    "{% elif message['role'] == 'user' %}# Query:\n```\n{{ message['content'] }}\n```\n\n"
    "{% else %}# Answer:\n```\n{{ message['content'] }}\n```\n\n{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}# Answer:\n```\n{% endif %}"
)


def _corpus(seed: int) -> list[str]:
    """Texts of the world, and every word of it often enough to become one token with and without a space."""
    rng = random.Random(seed)
    texts = [instruction(rng) for _ in range(300)]
    for _ in range(4000):
        texts += [f"{shot.query}\n{shot.answer}" for shot in episode(rng, 6)]
    pools: list[tuple[str, ...]] = [words.THINGS, words.PLACES, words.COLOURS, words.NAMES, words.JOBS, words.SONGS]
    pools += [words.LABELS, words.GREETINGS, words.VERBS, words.UNITS, words.FUNCTIONS, tuple(words.KINDS)]
    texts += [f" {word}" for pool in pools for word in pool for _ in range(300)]
    return texts


def make(seed: int = 0) -> PreTrainedTokenizerFast:
    """Learn the tokenizer from the world of ``seed``; decoding what it encoded gives any text back.

    Every text begins with the BOS token, unless special tokens are declined.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(FRAME),
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        min_frequency=20,
        show_progress=False,
    )
    tokenizer.train_from_iterator(_corpus(seed), trainer)
    tokenizer.add_tokens([AddedToken(piece, normalized=False, special=False) for piece in FRAME])
    begin = tokenizer.token_to_id(BOS)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, begin)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def save(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Write the tokenizer's two files, named so that older and newer releases of transformers read them alike."""
    tokenizer.save_pretrained(folder, save_jinja_files=False)
    settings = folder / "tokenizer_config.json"
    fields = json.loads(settings.read_text(encoding="utf-8"))
    fields |= {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": True}
    settings.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def load(folder: Path) -> PreTrainedTokenizerFast:
    """The tokenizer that a model folder holds."""
    loaded: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
    return loaded
