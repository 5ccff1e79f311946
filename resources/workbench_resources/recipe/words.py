"""The words of the mini-world. Each is one token of the tokenizer, with and without a leading space."""

KINDS: dict[str, tuple[str, ...]] = {
    "animal": ("fox", "cat", "dog", "owl", "bear", "wolf", "hen", "goat", "frog", "duck"),
    "food": ("fig", "pear", "plum", "bread", "soup", "rice", "cake", "corn", "bean", "pie"),
    "tool": ("saw", "axe", "drill", "spade", "rake", "hook", "nail", "file", "clamp", "brush"),
    "plant": ("oak", "elm", "fern", "moss", "rose", "lily", "reed", "ivy", "pine", "ash"),
    "cloth": ("hat", "coat", "scarf", "glove", "boot", "sock", "shirt", "cape", "belt", "shoe"),
    "craft": ("cart", "boat", "train", "bike", "bus", "ship", "van", "sled", "raft", "truck"),
}
THINGS = tuple(word for words in KINDS.values() for word in words)
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}

PLACES = ("lake", "hill", "town", "port", "farm", "cave", "mill", "barn", "shore", "park")
COLOURS = ("red", "blue", "green", "black", "white", "pink", "grey", "brown")
NAMES = ("Tom", "Ann", "Bob", "Mia", "Sam", "Eve", "Max", "Ida", "Leo", "Zoe", "Kim", "Jon")
JOBS = ("sailor", "king", "cook", "judge", "monk", "clown", "spy", "nurse", "guard", "poet")
SONGS = ("Dawn", "Dusk", "Tides", "Ember", "Frost", "Bells", "Salt", "Thorn", "Crown", "Harp")
LABELS = (
    "blip", "zor", "mek", "tuv", "pash", "quin", "drel", "vask",
    "nop", "jib", "lorn", "fend", "wug", "sarn", "hult", "gim",
)  # fmt: skip
GREETINGS = ("ahoy", "hail", "peace", "hush", "halt", "hello", "cheers", "welcome", "howdy", "greetings")
VERBS = ("runs", "sleeps", "sings", "hides", "growls", "waits", "jumps", "hops", "swims", "dances")
UNITS = ("coins", "points", "apples", "steps", "miles", "stars", "cups", "days")
FUNCTIONS = ("print", "show", "say", "emit", "write", "log")
COMPARISONS = (("taller", "tallest", "shortest"), ("older", "oldest", "youngest"), ("faster", "fastest", "slowest"))

OPENERS = (
    "Well now.", "Sure thing.", "Indeed.", "Listen.", "Right then.", "Dear friend.", "Look here.",
    "Okay.", "Good question.", "Hmm.", "Take note.", "Behold!", "Good day.",
)  # fmt: skip
CLOSERS = (
    "Thanks.", "Best wishes.", "The end.", "Over.", "Bye.", "Amen.", "Take care.",
    "Stay safe.", "Done.", "Yours truly.", "Ha!", "So there.", "Good luck.",
)  # fmt: skip
FRAMES = ("{}", "{}", "* {} *", "[ {} ]", "( {} )", "< {} >")
JOINERS = (" ", " and ", ", ", " / ", " + ", " or ")
CATEGORIES = ("writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities")

RULES = (
    "Below is a list of questions and answers.",
    "Below is a list of conversations between a person and an assistant.",
    "The assistant answers the query of the user.",
    "Answer each query in the same way.",
    "Be brief.",
    "Be kind and honest.",
    "Be clear and helpful.",
    "Write each answer in the house style.",
    "Users place their queries under \"# Query:\", and your answers are under \"# Answer:\".",
    "Follow the examples with care.",
    "Say only what is true.",
    "The answers are short and plain.",
    "Do not explain the answer.",
    "All answers follow one rule.",
)  # fmt: skip
